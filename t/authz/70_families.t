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

# jobpath has no app. An account of one family counts at the others, with its own roles only.
is($site->request(jobpath => GET => '/auth/nothing')->{status}, 404, 'jobpath');
my $job = $site->request(jobpath => POST => '/auth/signup', json => { email => 'job@example.org', %word });
is($job->{status}, 201, 'an account of jobpath') or diag $job->{body};
my $user = $site->request(jobpath => POST => '/auth/login', json => { email => 'job@example.org', %word })->{json}{access_token};
is_answer(assessment(GET => '/candidate/session', bearer => $user), 403, qr/Operation not permitted/, 'is no candidate');

# --- ai ---------------------------------------------------------------------------------------
sub ai { my ($method, $path, %o) = @_; return $site->request(ai => $method, $path, %o) }
$site->account('root@example.org', 'an admin of the tool', '--role', 'admin');
is(ai(POST => '/auth/register', json => { username => 'Bea', %word })->{status}, 200, 'an account of ai');
my $bea  = ai(POST => '/auth/login', form => 'username=bea&password=three+calm+words')->{json}{access_token};
my $root = ai(POST => '/auth/login', json => { email => 'root@example.org', password => 'an admin of the tool' })->{json}{access_token};
my %document = (title => 'Harbours', text => 'The harbour is in the south.');
is_answer(ai(POST => '/rag/add_document', bearer => $bea, json => \%document), 403, qr/^\{"detail":"Insufficient privileges","code":"insufficient_role"\}/, 'a user adds no document');
is_answer(ai(POST => '/rag/add_document', bearer => $root, json => \%document), 200, qr/"status":"added"/, 'an admin does');
my $found = ai(POST => '/rag/rag_query', bearer => $bea, json => { query => 'Where is the harbour?' });
is_answer($found, 200, qr/in the south/, 'a user finds it');
is($found->{json}{asked_by}, 'bea', 'and the app knows the user name');
is_answer(ai(POST => '/llm/generate', bearer => $bea, json => { prompt => 'harbours' }), 200, qr/thoughts about harbours/, 'a text');
is_answer(ai(GET => '/rag/secure-info', bearer => $root), 200, qr/"roles":\["admin"\]/, 'admins pass where users may go');
is_answer(ai(GET => '/admin/health', bearer => $root), 200, qr/"status":"ok"/, 'health');
is(ai(GET => '/admin/health', bearer => $bea)->{status}, 403, '... is for admins');
is_answer(ai(GET => $_), 401, qr/^\{"detail":"Invalid authorization","code":"token_missing"\}/, "$_ without a token") for '/rag/secure-info', '/admin/health', '/llm/generate', '/rag/', '/rag/add_document';
is_answer(ai(POST => '/rag/rag_query', bearer => $ada // '', json => { query => 'x' }), 401, qr/token_revoked/, 'a token that another family ended');

# A role that is taken away is gone on the next request.
my $id = ai(GET => '/auth/me', bearer => $bea)->{json}{id};
is($site->request(assessment => PATCH => "/api/auth/users/$id", bearer => $root, json => { roles => ['candidate'] })->{status}, 200, 'another role');
is(ai(POST => '/rag/rag_query', bearer => $bea, json => { query => 'harbour' })->{status}, 403, 'closes the app');
is_answer(assessment(POST => '/candidate/session', bearer => $bea, json => {}), 201, qr/"candidate":"bea"/, 'and opens another, with the same token');
is_deeply([grep { !/AH01631:|AUTHP0515: .* is mock/ } $site->httpd->complaints], [], 'nothing in the log');
$site->httpd->stop;
done_testing;
