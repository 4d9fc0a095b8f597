# SPDX-License-Identifier: Apache-2.0
# Requests that no normal client sends get an answer. They never cause a crash, a hang or half an account.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;
use Time::HiRes 'time';

expect_log(qr/AH0\d+:/);    # core's own words about broken requests
my $post = "POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n";
my @cases = (
    ['a cut body',               "${post}Content-Length: 100\r\n\r\n{\"email\":", qr{^(?:HTTP/1.1 4\d\d|$)}, half_close => 1],
    ['a bad chunk',              "${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", qr{^HTTP/1.1 400}],
    ['chunks, too large',        "${post}Transfer-Encoding: chunked\r\n\r\n8000\r\n" . ('x' x 32768) . "\r\n0\r\n\r\n", qr{^HTTP/1.1 413}],
    ['chunks, fine',             "${post}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", qr{^HTTP/1.1 422}],
    ['a declared gigabyte',      "${post}Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n", qr{^HTTP/1.1 413}],
    ['a negative length',        "${post}Content-Length: -1\r\n\r\n", qr{^HTTP/1.1 400}],
    ['two lengths',              "${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", qr{^HTTP/1.1 400}],
    ['gzip as the body coding',  "${post}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", qr{^HTTP/1.1 415}],
    ['a NUL in the path',        "GET /api/auth/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 40[04]}],
    ['an encoded slash',         "GET /api%2Fauth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 404}],
    ['dots out of the mount',    "GET /api/auth/../../admin/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 401}],
    ['dots into the mount',      "GET /x/../api/auth/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 200}],
    ['double slashes',           "GET //api//auth//healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 (?:200|404)}],
    ['HTTP/1.0 without a Host',  "GET /api/auth/healthz HTTP/1.0\r\n\r\n", qr{^HTTP/1.1 200}],
    ['no Host for the cookie way', "POST /api/auth/login HTTP/1.0\r\nX-Token-Delivery: cookie\r\nOrigin: http://x\r\n"
            . "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", qr{^HTTP/1.1 403}],
    ['a Host that is none',      "GET /api/auth/me HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 400}],
    ['an unknown method',        "FROB /api/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 405}],
    ['TRACE',                    "TRACE /api/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 405}],
    ['a space before the colon', "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer x\r\nConnection: close\r\n\r\n", qr{^HTTP/1.1 400}],
);
for my $case (@cases) {
    my ($name, $bytes, $want, %o) = @$case;
    my $began  = time;
    my $answer = raw_request($bytes, %o);
    like($answer, $want, $name);
    cmp_ok(time - $began, '<', 8, "$name: in time");
}
like(raw_request("${post}Content-Length: 50\r\n\r\n{"), qr{^(?:HTTP/1.1 4\d\d|$)}, 'a body that never comes ends by itself');

# Whatever is sent, errors have the documented media type and status.
my $email = new_email();
my $long  = api(POST => '/register', json => { email => $email, password => 'x' x 20000 });
problem_is($long, 413, 'body_too_large', 'too large a body');
is(api(POST => '/login', json => { email => $email, password => 'correct horse' })->{status}, 401, 'made no account');
is(api(GET => '/healthz')->{status}, 200, 'alive');
done_testing;
