# SPDX-License-Identifier: Apache-2.0
# FastAPI apps of existing back ends under uvicorn, guarded by role: who gets in, what the app learns, and the words of a refusal.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Families;
use AuthPlatform::WebSocket;
use Test::More;

my $site = AuthPlatform::Families->new;
my %word = (password => 'three calm words');
my %token;

sub assessment { my ($method, $path, %o) = @_; return $site->request(assessment => $method, "/api/v1$path", %o) }

sub is_answer {
    my ($answer, $status, $like, $name) = @_;
    is($answer->{status}, $status, $name) or diag $answer->{body};
    return like($answer->{body}, $like, '... and what it says');
}

# --- assessment -------------------------------------------------------------------------------
$site->account('rob@example.org', 'a recruiter of the tool', '--role', 'recruiter', '--verified', '--name', 'Rob Roe');
is(assessment(POST => '/auth/candidate/register', json => { email => 'ada@example.org', name => "Ad\x{e8}le", %word })->{status}, 201, 'a candidate');
my $ada = assessment(POST => '/auth/candidate/login', json => { email => 'ada@example.org', %word })->{json}{access_token};
my $rob = assessment(POST => '/auth/recruiter/login', json => { email => 'rob@example.org', password => 'a recruiter of the tool' })->{json}{access_token};
ok($ada && $rob, 'both sign in');

my $started = assessment(POST => '/candidate/session', bearer => $ada, json => {});
is_answer($started, 201, qr/"title":"A first test"/, 'a candidate starts a test');
is($started->{json}{candidate}, "Ad\x{e8}le", 'the app knows the name');
is_answer(assessment(POST => '/candidate/llm-prompt', bearer => $ada, json => { prompt => 'reverse lists' }), 200, qr/smallest case of reverse/, 'a hint');
is_answer(assessment(POST => '/recruiter/test-template', bearer => $rob, json => { title => 'Graphs', questions => ['Find a cycle.'] }), 201, qr/"made_by":"Rob Roe"/, 'a recruiter makes a test');
is_answer(assessment(POST => '/recruiter/test-template', bearer => $rob, json => { title => 'Nothing', questions => [] }), 422, qr/1 to 20/, 'the app refuses by itself, too');
is_answer(assessment(POST => '/candidate/session', bearer => $ada, json => {}), 201, qr/Find a cycle/, 'the candidate gets the new one');

for my $case (['/candidate/session', undef, 401], ['/recruiter/results', undef, 401], ['/candidate/session', $rob, 403], ['/recruiter/results', $ada, 403]) {
    my ($path, $token, $status) = @$case;
    my $answer = assessment(GET => $path, ($token ? (bearer => $token) : ()), headers => { 'X-Auth-User-Id' => 'a' x 24, 'X-Auth-Roles' => 'admin' });
    is_answer($answer, $status, $status == 401 ? qr/^\{"detail":"Could not validate credentials","code":"token_missing"\}/ : qr/^\{"detail":"Operation not permitted","code":/,
        "$path with " . ($token ? 'the other role' : 'no token'));
}
my $forged = assessment(GET => '/candidate/session', bearer => $ada, headers => { 'X-Auth-User-Id' => 'a' x 24, 'X-Auth-Name' => 'Eve' });
is($forged->{json}{candidate}, "Ad\x{e8}le", 'headers of the client do not reach the app');

# The chat.
my $chat_path = '/api/v1/candidate/ws/chat';
sub chat { my (%headers) = @_; return AuthPlatform::WebSocket->new($site->port('assessment'), $chat_path, %headers) }
my $chat = chat(Authorization => "Bearer $ada");
is($chat->{status}, 101, 'a WebSocket with a bearer token') or diag $chat->{head};
like($chat->hear, qr/Hello Ad/, 'the app greets by name');
$chat->say('trees');
like($chat->hear, qr/smallest case of trees/, 'and answers');
is(chat()->{status}, 401, 'no WebSocket without a token');
is(chat(Authorization => "Bearer $rob")->{status}, 403, 'nor with the other role');

my $origin = $site->url('assessment');
my $cookies = $site->request(assessment => POST => '/api/auth/login/candidate', json => { email => 'ada@example.org', %word }, headers => { 'X-Token-Delivery' => 'cookie' });
my ($access) = map { /^((?:__Host-)?authp_at=[^;]+)/ } @{ $cookies->{headers}{'set-cookie'} };
AuthPlatform::Httpd::note_secrets(($access // '') =~ /=(.+)/);
is(chat(Cookie => $access, Origin => $origin)->{status}, 101, 'a WebSocket with the cookie of the platform, from a page of this origin');
is(chat(Cookie => $access, Origin => 'https://evil.example')->{status}, 403, '... not from another origin');
is(chat(Cookie => $access)->{status}, 403, '... nor from none');
is_answer(assessment(GET => '/recruiter/results', bearer => $rob), 200, qr/"title":"Graphs","prompts":0,"messages":1\}/, 'the results');

is(assessment(POST => '/auth/logout', bearer => $ada)->{status}, 200, 'after signing out');
is_answer(assessment(GET => '/candidate/session', bearer => $ada), 401, qr/"code":"token_revoked"/, 'the app is closed at once');
is(chat(Authorization => "Bearer $ada")->{status}, 401, '... and the chat');

# A place that no app and no file has, and one account for all families.
is($site->request(jobpath => GET => '/auth/nothing')->{status}, 404, 'jobpath');
my $job = $site->request(jobpath => POST => '/auth/signup', json => { email => 'job@example.org', %word });
is($job->{status}, 201, 'an account of jobpath') or diag $job->{body};
my $user = $site->request(jobpath => POST => '/auth/login', json => { email => 'job@example.org', %word })->{json}{access_token};
is_answer(assessment(GET => '/candidate/session', bearer => $user), 403, qr/Operation not permitted/, 'is no candidate');
is_deeply([grep { !/AH01631:/ } $site->httpd->complaints], [], 'nothing in the log');
$site->httpd->stop;
done_testing;
