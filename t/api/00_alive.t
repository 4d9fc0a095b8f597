# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my $alive = api(GET => '/healthz');
is($alive->{status}, 200, 'GET /healthz');
is_deeply($alive->{json}, { status => 'ok' }, 'says ok');
like($alive->{headers}->header('X-Request-Id'), qr/^[0-9a-f]{24}$/, 'X-Request-Id');
is($alive->{headers}->header('Cache-Control'), 'no-store', 'Cache-Control');

my $ready = api(GET => '/readyz');
is($ready->{status}, 200, 'GET /readyz') or diag $ready->{body};
is($ready->{json}{store}, 'ok', 'the store answers');

my $head = api(HEAD => '/healthz');
is($head->{status}, 200, 'HEAD where GET exists');
is($head->{body},   '',  'no body for HEAD');
is($head->{headers}->content_length, length $alive->{body}, 'the length GET would have');

isnt($alive->{headers}->header('X-Request-Id'), $head->{headers}->header('X-Request-Id'), 'ids differ');

# The mount answers unknown paths and wrong methods itself, whatever files exist.
problem_is(api(GET => '/nothing'), 404, 'not_found', 'unknown path below the mount');
problem_is(api(GET => ''),         404, 'not_found', 'the mount itself');
problem_is(api(GET => '/'),        404, 'not_found', 'the mount with a slash');
problem_is(api(GET => '/healthz/x'), 404, 'not_found', 'below a route');
for my $case ([GET => '/register', 'POST'], [DELETE => '/login', 'POST'], [PUT => '/me', 'GET'], [HEAD => '/session/renew', 'GET'],
    [POST => '/session/renew', 'GET'], [POST => '/openapi.json', 'GET'], [BREW => '/refresh', 'POST'])
{
    my ($method, $path, $allowed) = @$case;
    my $answer = api($method => $path);
    is($answer->{status}, 405, "$method $path: 405");
    like($answer->{headers}->header('Allow') // '', qr/\b$allowed\b/, "Allow names $allowed");
    is($answer->{json}{code}, 'method_not_allowed', 'code') if $method ne 'HEAD';
}
is(request(GET => '/api/authors/whoami')->{status}, 200, 'a path that only begins like the mount is not ours');
done_testing;
