# SPDX-License-Identifier: Apache-2.0
# Remembered tokens, through httpd: a token that was accepted is accepted again for the same user until it expires, and no similar text ever
# is. The same without AuthPlatformTokenCache.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use JSON ();
use Test::More;
use Time::HiRes qw(sleep time);

my @people = map { person(name => "Person $_") } 1 .. 4;
for my $round (1 .. 20) {
    my $wrong = 0;
    for my $p (@people) {
        my $seen = request(GET => '/app/whoami', bearer($p))->{json}{environment} || {};
        $wrong++ if ($seen->{AUTH_USER_ID} // '') ne $p->{user}{id} || $seen->{AUTH_EMAIL} ne $p->{email} || $seen->{AUTH_NAME} ne $p->{user}{name};
    }
    is($wrong, 0, 'each is who they are') if $round == 1 || $round == 20;
}

# Texts that are made of parts of accepted tokens. Every child has seen these tokens by now.
my @parts = map { [split /\./, $_->{access_token}] } @people[0, 1];
my %mixed = (
    "another's signature" => join('.', @{ $parts[0] }[0, 1], $parts[1][2]),
    "another's payload"   => join('.', $parts[0][0], $parts[1][1], $parts[0][2]),
    'one letter less'     => substr($people[0]{access_token}, 0, -1),
    'one letter more'     => "$people[0]{access_token}A",
    'none'                => join('.', @{ $parts[0] }[0, 1], ''),
);
for my $name (sort keys %mixed) {
    is(request(GET => '/app/whoami', bearer => $mixed{$name})->{json}{code}, 'token_invalid', "$name, try $_") for 1, 2;
}

my $until = int(time) + 3;
my $short = bent_token($people[0], exp => $until);
my ($before, $after) = (0, 0);
while (time < $until - 0.5) {
    $before++ if request(GET => '/app/whoami', bearer => $short)->{status} != 200;
}
is($before, 0, 'a token that ends soon is let in');
sleep $until - time + 0.01 if time < $until;
for (1 .. 20) {
    $after++ if (request(GET => '/app/whoami', bearer => $short)->{json}{code} || '') ne 'token_expired';
}
is($after, 0, 'and not one moment longer');

for my $cache ('off', '64K') {
    my $httpd = AuthPlatform::Httpd->new(more => "AuthPlatformTokenCache $cache\n")->start;
    my $token = $httpd->api('/register', { email => 'a@example.org', password => 'correct horse' })->{json}{access_token};
    is($httpd->get('/page.txt', bearer => $token)->{status}, 200, "AuthPlatformTokenCache $cache: a token, try $_") for 1 .. 3;
    is($httpd->get('/page.txt', bearer => "${token}A")->{status}, 401, 'nearly one');
    $httpd->graceful;
    is($httpd->get('/page.txt', bearer => $token)->{status}, 200, 'after a reload, which begins with an empty one');
    $httpd->stop;
}
done_testing;
