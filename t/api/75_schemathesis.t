# SPDX-License-Identifier: Apache-2.0
# Schemathesis sends every route requests that the OpenAPI document allows and requests that it forbids, as an administrator and signed out.
# No answer may be a 500 or undocumented, no wrong request may be accepted, and no right one refused. The test has a server of its own; see
# build/schemathesis.sh. AUTHP_SCHEMATHESIS_SEED=N repeats other random requests.
# Plain: three times as many requests as on other stores and under the sanitizers.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Schemathesis;
use Test::More;

# Mails need a server's address. Nothing listens at this one.
my $httpd = AuthPlatform::Httpd->new(settings => "MAIL_URL=smtp://127.0.0.1:9\nMAIL_TLS=off\nMAIL_FROM=accounts\@example.org\nPUBLIC_URL=http://127.0.0.1\n")->start;
my $tool  = AuthPlatform::Schemathesis->new($httpd, $FindBin::Bin);
# The kinds of requests are the same with fewer of each. Under ASan every request costs several times as much.
my $plain = ($ENV{AUTHP_STORE} || 'sqlite') eq 'sqlite' && !$ENV{AUTHP_SANITIZE};
my ($examples, $seconds) = $plain ? (25, 300) : (8, 600);
my %seen = $tool->run('/api/auth', examples => $examples, seconds => $seconds, least => 1000);
$tool->reached('/api/auth', %seen);
$httpd->stop;
done_testing;
