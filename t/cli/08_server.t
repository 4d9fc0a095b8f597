#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A change that the tool makes while a server runs takes effect at the server's next answer, without a restart.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json);
use AuthPlatform::Httpd;
use Test::More;

my $httpd = AuthPlatform::Httpd->new->start;
my $password = 'three calm words';
my @secrets = ($password);

# Runs a command that must work, and returns its document.
sub tool {
    my ($args, %how) = @_;
    my $answer = run(['--env-file', "$httpd->{dir}/.env", '--json', @{$args}], stdin => "$password\n", %how);
    is($answer->{status}, 0, "authplatform @{$args}[0, 1]") or diag $answer->{err};
    return json($answer);
}

sub post   { my ($path, $json, %o) = @_; return $httpd->api($path, $json, %o) }
sub me     { my ($tokens) = @_; return $httpd->get('/api/auth/me', bearer => $tokens->{access_token}) }
sub roles  { my ($tokens) = @_; return $httpd->get('/api/protected/me', bearer => $tokens->{access_token})->{json}{roles} }
sub sign_in {
    my ($email, $typed, $door) = @_;
    return post('/login' . ($door // ''), { email => $email, password => $typed // $password });
}

# Expects a status and a problem code.
sub refused {
    my ($answer, $status, $code, $name) = @_;
    return is_deeply([$answer->{status}, $answer->{json}{code}], [$status, $code], $name);
}

# The first admin, on a server that has none.
my $boss = tool(['user', 'create', '--role', 'admin', '--email', 'boss@example.org']);
my $in = sign_in('boss@example.org');
is($in->{status}, 200, 'signs in') or diag $in->{body};
my $as_boss = $in->{json}{access_token};
is_deeply($httpd->get("/api/auth/users/$boss->{id}", bearer => $as_boss)->{json}, $boss, 'and administers; the API shows what the tool showed');

# Disabling an account.
my $ada = post('/register', { email => 'ada@example.org', password => $password })->{json};
my $id = $ada->{user}{id};
is(me($ada)->{status}, 200, 'a candidate');
ok(tool(['user', 'disable', '--email', 'ada@example.org'])->{disabled}, 'is disabled');
refused(me($ada), 401, 'token_revoked', 'the access token is dead');
refused(post('/refresh', { refresh_token => $ada->{refresh_token} }), 401, 'refresh_invalid', 'so is the refresh token');
refused(sign_in('ada@example.org'), 401, 'invalid_credentials', 'and no way in');
ok($httpd->get("/api/auth/users/$id", bearer => $as_boss)->{json}{disabled}, 'an admin sees it');
ok(!tool(['user', 'enable', '--id', $id])->{disabled}, 'is enabled');
refused(me($ada), 401, 'token_revoked', 'what was dead stays dead');
my $again = sign_in('ada@example.org')->{json};
is(me($again)->{status}, 200, 'but may sign in');

# Proving an address.
ok(!me($again)->{json}{email_verified}, 'the address is not proven');
ok(tool(['user', 'verify-email', '--id', $id])->{email_verified}, 'the tool proves it');
is_deeply([@{ me($again) }{qw(status)}, me($again)->{json}{email_verified} ? 1 : 0], [200, 1], 'which shows at the next request of the same session');

# Ending one session, and only that one.
my $phone = sign_in('ada@example.org')->{json};
my ($last) = reverse @{ tool(['session', 'list', '--id', $id])->{items} };
is(tool(['session', 'end', '--session', $last->{id}])->{ended}, 1, 'the newest ends');
refused(me($phone), 401, 'token_revoked', 'the phone is out');
is(me($again)->{status}, 200, 'the other one is not');

# A new password.
tool(['user', 'reset-password', '--id', $id], stdin => "five rather calm words\n");
push @secrets, 'five rather calm words';
refused(me($again), 401, 'token_revoked', 'ends every session');
refused(sign_in('ada@example.org'), 401, 'invalid_credentials', 'the old one is none');
$again = sign_in('ada@example.org', $secrets[1])->{json};
is(me($again)->{status}, 200, 'the new one is');

# Roles and verification take effect at the next request, also with an older token.
is_deeply(roles($again), ['candidate'], 'a candidate');
is_deeply(tool(['user', 'set-roles', '--id', $id, '--roles', 'candidate,recruiter'])->{roles}, ['candidate', 'recruiter'], 'gets a role');
is_deeply(roles($again), ['candidate'], 'which does not count yet');
refused(sign_in('ada@example.org', $secrets[1], '/recruiter'), 403, 'recruiter_pending', 'nor open the door');
ok(tool(['user', 'verify-recruiter', '--id', $id])->{is_recruiter_verified}, 'is verified');
is_deeply(roles($again), ['candidate', 'recruiter'], 'now it counts');
is(sign_in('ada@example.org', $secrets[1], '/recruiter')->{status}, 200, 'and opens the door');
ok(!tool(['user', 'withdraw-recruiter', '--email', 'ada@example.org'])->{is_recruiter_verified}, 'is withdrawn');
is_deeply(roles($again), ['candidate'], 'and counts no more');

# An invite.
my $invite = tool(['invite', 'create', '--email', 'grace@example.org', '--hours', '1']);
push @secrets, $invite->{code};
my $open = $httpd->get('/api/auth/recruiter/invites', bearer => $as_boss)->{json};
is_deeply($open, tool(['invite', 'list']), 'admins see it as the tool does');
my $grace = post('/register/recruiter', { email => 'grace@example.org', password => $password, invite_code => $invite->{code} });
is($grace->{status}, 201, 'registers') or diag $grace->{body};
is_deeply(roles($grace->{json}), ['recruiter'], 'a verified recruiter');
my $second = tool(['invite', 'create', '--email', 'hedy@example.org']);
push @secrets, $second->{code};
tool(['invite', 'revoke', '--id', $second->{id}]);
refused(post('/register/recruiter', { email => 'hedy@example.org', password => $password, invite_code => $second->{code} }),
    403, 'invite_invalid', 'a revoked one is good for nothing');

# Deletion.
ok(tool(['user', 'delete', '--yes', '--id', $id])->{deleted}, 'is deleted');
refused(me($again), 401, 'token_revoked', 'the token is dead');
refused($httpd->get("/api/auth/users/$id", bearer => $as_boss), 404, 'not_found', 'admins find nobody');
is(post('/register', { email => 'ada@example.org', password => $password })->{status}, 201, 'and the address is free');

# The last admin: the API refuses the change, the tool makes it.
refused($httpd->request(PATCH => "/api/auth/users/$boss->{id}", json => { roles => ['candidate'] }, bearer => $as_boss), 409, 'last_admin', 'stays for the API');
tool(['user', 'set-roles', '--id', $boss->{id}, '--roles', 'candidate']);
refused($httpd->get('/api/auth/users', bearer => $as_boss), 403, 'insufficient_role', 'and goes by the tool');

unlike($httpd->log, qr/\Q$_\E/, 'no secret in the log') for @secrets;
is(join("\n", $httpd->complaints), '', 'and nothing to worry about');
$httpd->stop;
done_testing();
