# SPDX-License-Identifier: Apache-2.0
# A running httpd loads the module by a reload, unloads it and loads it again. The first hashes and sign-ins after that work.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use Test::More;
use Time::HiRes qw(sleep time);

my $person = { email => 'ada@example.org', password => 'three calm words' };

# Children of the old generation may answer for a moment.
sub page_becomes {
    my ($httpd, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $end = time + 10;
    sleep 0.1 while $httpd->get('/page.txt')->{status} != $status && time < $end;
    return is($httpd->get('/page.txt')->{status}, $status, $name);
}

for my $mpm (qw(event worker prefork)) {
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, module => 0)->start;
    is($httpd->get('/page.txt')->{status}, 200, "$mpm: without the module the page is open");
    $httpd->configure(module => 1)->graceful;
    page_becomes($httpd, 401, "$mpm: a graceful restart that loads it closes the page");
    my $new = $httpd->api('/register', $person);
    is($new->{status}, 201, "$mpm: registers at once") or diag $new->{body}, $httpd->log;
    is($httpd->get('/page.txt', bearer => $new->{json}{access_token})->{status}, 200, "$mpm: and gets in");
    $httpd->configure(module => 0)->graceful;
    page_becomes($httpd, 200, "$mpm: without it the page is open again");
    $httpd->configure(module => 1)->graceful;
    page_becomes($httpd, 401, "$mpm: and with it closed");
    is($httpd->api('/login', $person)->{status}, 200, "$mpm: out and in again: signs in");
    is($httpd->get('/page.txt', bearer => $new->{json}{access_token})->{status}, 200, "$mpm: the old token is good");
    $httpd->stop;
    unlike($httpd->log, qr/exit signal|Assertion|\[auth_platform:(?:emerg|alert|crit|error|warn)\]/, "$mpm: no crash, no error");
}
done_testing;
