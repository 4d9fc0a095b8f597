# SPDX-License-Identifier: Apache-2.0
# Schemathesis on the mounts of the route families, as in 75_schemathesis.t, with fewer requests: once, on SQLite.
# Plain: the sanitizers do not change what is found.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::FamilyMounts;
use AuthPlatform::Httpd;
use AuthPlatform::Schemathesis;
use Test::More;

plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};

my $httpd = AuthPlatform::Httpd->new(AuthPlatform::FamilyMounts::host())->start;
my $tool  = AuthPlatform::Schemathesis->new($httpd, $FindBin::Bin);    # AUTHP_SCHEMATHESIS, for build/e2e.sh
for my $family (AuthPlatform::FamilyMounts::all()) {
    my $mount = $family->{mount};
    my %seen  = $tool->run($mount, examples => 3, seconds => 120, least => 50, ($family->{login} ? (login => '/api/auth/login') : ()));
    $tool->reached($mount, %seen);
}
$httpd->stop;
done_testing;
