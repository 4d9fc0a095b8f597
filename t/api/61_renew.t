# SPDX-License-Identifier: Apache-2.0
# GET /session/renew: how a browser gets a new access cookie.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my ($AT, $RT, $CSRF) = ('__Host-authp_at', '__Secure-authp_rt', 'csrf_token');
my $made = api(POST => '/register', json => { email => new_email(), password => 'renew my vows' },
    headers => { 'X-Token-Delivery' => 'cookie', Origin => origin() });
my $jar = jar_from($made);

my $renewed = api(GET => '/session/renew?return_to=%2Fcandidate%2F%3Fa%3Db', cookies => $jar);
is($renewed->{status}, 302, 'GET /session/renew') or diag $renewed->{body};
is($renewed->{headers}->header('Location'), '/candidate/?a=b', 'goes back');
isnt($renewed->{cookies}{$RT}{value}, $jar->{$RT}, 'rotated');
is($renewed->{headers}->header('Cache-Control'), 'no-store', 'not cached');
is(request(GET => '/candidate/', cookies => jar_from($renewed))->{status}, 200, 'the new cookie opens the page');
$jar = jar_from($renewed);

for my $bad ('//evil.example/', 'https://evil.example/', '/%2Fevil.example', '/\\evil.example', '/%5Cevil', '%2F%2Fevil.example',
    '/a%0d%0aSet-Cookie:x=y', 'evil', '', '/%09/evil.example', '/..//evil.example')
{
    my $answer = api(GET => "/session/renew?return_to=$bad", cookies => $jar);
    is($answer->{status}, 302, "return_to=$bad");
    my $location = $answer->{headers}->header('Location');
    ok($location eq '/' || $location =~ m{^/(?![/\\])[!-\[\]-~]*$}, 'stays on this host') or diag $location;
    unlike($location, qr{^/+evil|//}, 'no other host') if $bad =~ m{^(?:/|%2F)(?:/|%2F|\\|%5C)}i;
    $jar = jar_from($answer);
}

for my $header (['Sec-Purpose' => 'prefetch'], ['Sec-Purpose' => 'prefetch;prerender']) {
    problem_is(api(GET => '/session/renew', cookies => $jar, headers => {@$header}), 503, 'busy', 'a prefetch rotates nothing');
}
is(api(GET => '/session/renew', cookies => $jar)->{status}, 302, 'the cookies are as good as before');

my $dead = api(GET => '/session/renew?return_to=%2Fany%2F', cookies => { $RT => 'nonsense', $CSRF => 'x' });
is($dead->{status}, 302, 'no live session');
is($dead->{headers}->header('Location'), '/signin.html?return_to=%2Fany%2F', 'to the sign-in page, with return_to');
like($dead->{cookies}{$_}{raw} // '', qr/Max-Age=0/i, "$_ is cleared") for $AT, $RT, $CSRF;
is(api(GET => '/session/renew')->{status}, 302, 'no cookie at all: the same');
done_testing;
