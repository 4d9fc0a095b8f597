# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my $p = person(name => 'Pat');
for my $path ('/login', '/login/candidate') {
    my $in = api(POST => $path, json => { email => uc $p->{email}, password => $p->{password}, device_id => 'laptop' });
    is($in->{status}, 200, "POST $path") or diag $in->{body};
    is_deeply($in->{json}{user}, $p->{user}, 'the same user');
    isnt($in->{json}{refresh_token}, $p->{refresh_token}, 'a session of its own');
    is($in->{json}{token_type}, 'bearer', 'token_type');

    my $wrong   = api(POST => $path, json => { email => $p->{email}, password => "$p->{password}x" });
    my $unknown = api(POST => $path, json => { email => new_email(), password => $p->{password} });
    problem_is($wrong,   401, 'invalid_credentials', "$path: wrong password");
    problem_is($unknown, 401, 'invalid_credentials', "$path: unknown user");
    delete $_->{json}{request_id} for $wrong, $unknown;
    is_deeply($wrong->{json}, $unknown->{json}, 'both answer alike');
    problem_is(api(POST => $path, json => { email => $p->{email}, password => 'x' x 100 }), 401, 'invalid_credentials',
        'a password nobody can have is just wrong');
    problem_is(api(POST => $path, json => { email => $p->{email} }), 422, 'validation_failed', 'no password');
}
problem_is(api(POST => '/login', json => { password => 'correct horse' }), 422, 'validation_failed', 'neither e-mail nor username');
problem_is(api(POST => '/login', json => { email => $p->{email}, username => 'pat', password => 'correct horse' }),
    422, 'validation_failed', 'both of them');
problem_is(api(POST => '/login', json => { username => 'nobody', password => 'correct horse' }),
    401, 'invalid_credentials', 'an unknown username');

# Which accounts may use which sign-in route.
my $admin = admin();
is($admin->{login}{status}, 200, 'an admin signs in at /login');
is_deeply($admin->{user}{roles}, ['admin'], 'with the role the tool gave');
problem_is(api(POST => '/login/candidate', json => { email => $admin->{email}, password => $admin->{password} }),
    403, 'not_candidate', 'an admin at /login/candidate');
my $pending = admin(role => 'recruiter');
problem_is($pending->{login}, 403, 'recruiter_pending', 'a recruiter who is not verified');
is($pending->{login}{json}{detail}, 'Recruiter pending verification', 'in exactly these words');
problem_is(api(POST => '/login', json => { email => $pending->{email}, password => 'wrong password' }),
    401, 'invalid_credentials', 'which only the right password learns');
my $recruiter = admin(role => 'recruiter', more => ['--verified']);
is($recruiter->{login}{status}, 200, 'a verified recruiter signs in');

# Rules for bodies, which are the same on every JSON route.
my @malformed = ('{', '', ' ', 'nul', '{"a":1}x', "\xff\xfe", '{"email":"\ud800","password":"x"}', '{"email":"a","email":"b"}',
    '[[[[[[[[[1]]]]]]]]]', '{"a":01}', "{'a':1}", '{"a":1,}', "\xef\xbb\xbf{}", "{\"a\":\"\x01\"}", '{"a":"\x"}', '[1,2', '{"a" 1}');
for my $body (@malformed) {
    my $answer = api(POST => '/login', body => $body, type => 'application/json');
    is($answer->{status}, 400, 'malformed: 400') or diag "$body: $answer->{body}";
    is($answer->{json}{code}, 'malformed_json', 'malformed: code');
}
for my $body ('[]', '5', '"x"', 'null', 'true', '1e999', '123456789012345678901234567890', '[[[[[[[[1]]]]]]]]') {
    my $answer = api(POST => '/login', body => $body, type => 'application/json');
    is($answer->{status}, 422, "JSON but no object: $body") or diag $answer->{body};
}
for my $type ('text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data', 'application/json, text/plain') {
    problem_is(api(POST => '/login', body => '{}', type => $type), 415, 'unsupported_media_type', "$type: 415");
}
like(raw_request("POST ${\AUTH}/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"),
    qr{^HTTP/1.1 415 }, 'no media type: 415');
is(api(POST => '/login', body => '{}', type => 'Application/JSON; charset="UTF-8"')->{status}, 422, 'a charset is fine');
my $big = '{"email":"' . ('a' x 17000) . '"}';
problem_is(api(POST => '/login', body => $big, type => 'application/json'), 413, 'body_too_large', 'over 16 KiB');
is(api(POST => '/login', body => '{' . (' ' x 16000) . '}', type => 'application/json')->{status}, 422, 'just below it');
done_testing;
