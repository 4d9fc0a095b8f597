# SPDX-License-Identifier: Apache-2.0
# Many requests at once: the store decides which one succeeds, and every client gets a true answer.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Rows;
use AuthPlatform::Test;
use AuthPlatform::Together;
use JSON         ();
use MIME::Base64 'decode_base64url';
use Test::More;

my ($true, $false) = (JSON::true(), JSON::false());
my $boss    = admin();
my @as_boss = bearer($boss);

sub accounts { return @{ api(GET => "/users?email=$_[0]", @as_boss)->{json}{items} } }
sub statuses { return join ' ', sort { $a <=> $b } keys %{ { map { $_->{status} => 1 } @_ } } }
sub password { return "password of racer $_[0]" }

# --- refresh: servers of their own, for their grace windows ---------------------------------------------------------
sub own_httpd {
    my ($settings) = @_;
    my $httpd = AuthPlatform::Httpd->new(settings => $settings)->start;
    my $made  = $httpd->api('/register', { email => 'racer@example.org', password => password(0) });
    is($made->{status}, 201, join " ", "with", split " ", $settings) or diag $made->{body}, $httpd->log;
    return ($httpd, $made->{json}{refresh_token}, $made->{json}{access_token});
}
sub refresh_all {
    my ($httpd, $token) = @_;
    return together(64, sub { return patiently(sub { $httpd->api('/refresh', { refresh_token => $token }) }) });
}

{
    my ($httpd, $token) = own_httpd("REFRESH_TOKEN_GRACE_SECONDS=60\n");
    my @answers = refresh_all($httpd, $token);
    is(tally(@answers), '64 of 200', '64 refreshes with one token, all within the grace window');
    my %successors = map { $_->{json}{refresh_token} => 1 } @answers;
    is(scalar keys %successors, 1, 'one successor for all of them');
    my ($successor) = keys %successors;
    isnt($successor, $token, 'which is a new one');
    my $next = $httpd->api('/refresh', { refresh_token => $successor });
    is($next->{status}, 200, 'and goes on');
    isnt($next->{json}{refresh_token}, $successor, 'to the next generation');
    is($httpd->api('/refresh', { refresh_token => $token })->{json}{code}, 'refresh_reused', 'of which the first token is two behind: one rotation, not 64');
    $httpd->stop;
}
{
    my ($httpd, $token, $access) = own_httpd("REFRESH_TOKEN_GRACE_SECONDS=0\n");
    my @answers = refresh_all($httpd, $token);
    my ($winner, @more) = grep { $_->{status} == 200 } @answers;
    ok($winner && !@more, 'without a grace window exactly one of 64 gets a successor') or diag tally(@answers);
    my @losers = grep { $_->{status} == 401 } @answers;
    is(scalar @losers, 63, 'the others get 401');
    cmp_ok(scalar(grep { $_->{code} eq 'refresh_reused' } @losers), '>=', 1, 'for a token that came again') or diag tally(@answers);
    is(scalar(grep { $_->{code} !~ /^refresh_(?:reused|invalid)$/ } @losers), 0, 'or a session that is over');
    is($httpd->api('/refresh', { refresh_token => $winner->{json}{refresh_token} })->{json}{code}, 'refresh_invalid', 'as it is for the winner');
    is($httpd->get('/api/auth/me', bearer => $_)->{json}{code}, 'token_revoked', 'whose access tokens are dead too') for $access, $winner->{json}{access_token};
    $httpd->stop;
}
{
    my ($httpd, $token) = own_httpd("REFRESH_TOKEN_ROTATION=false\n");
    my @answers = refresh_all($httpd, $token);
    is(tally(@answers), '64 of 200', 'without rotation everybody gets an access token');
    is(scalar(grep { $_->{json}{refresh_token} ne $token } @answers), 0, 'and the refresh token stays');
    $httpd->stop;
}

# --- registration ----------------------------------------------------------------------------------------------------
{
    my $email   = new_email();
    my @answers = together(32, sub {
        my ($n) = @_;
        return patiently(sub { api(POST => '/register', json => { email => $n % 2 ? uc $email : $email, password => password($n) }) });
    });
    is(tally(@answers), '1 of 201, 31 of 409 email_taken', '32 registrations of one e-mail address');
    is(scalar(accounts($email)), 1, 'one account');
    my ($won) = grep { $answers[$_]{status} == 201 } 0 .. 31;
    is((accounts($email))[0]{id}, $answers[$won]{json}{user}{id}, 'the one that was told so');
    my @in = grep { api(POST => '/login', json => { email => $email, password => password($_) })->{status} == 200 } 0 .. 31;
    is("@in", $won, 'with its password and no other');
}

# --- one invite ------------------------------------------------------------------------------------------------------
sub invite {
    my ($email) = @_;
    my $made = api(POST => '/recruiter/invites', json => { email => $email }, @as_boss)->{json};
    secret_used($made->{code});
    return $made;
}
{
    my $email   = new_email();
    my $invite  = invite($email);
    my @answers = together(32, sub {
        my ($n) = @_;
        return patiently(sub { api(POST => '/register/recruiter', json => { email => $email, password => password($n), invite_code => $invite->{code} }) });
    });
    my ($won, @more) = grep { $answers[$_]{status} == 201 } 0 .. 31;
    ok(defined $won && !@more, 'one invite, 32 registrations: exactly one recruiter') or diag tally(@answers);
    # Between the winner's account and its claim of the invite, another request finds the address taken.
    my @losers = grep { ($_->{code} // '') =~ /^(?:invite_invalid|email_taken)$/ } @answers;
    is(scalar @losers, 31, 'the others are refused') or diag tally(@answers);
    my @left = accounts($email);
    is(scalar @left, 1, 'and leave nothing behind');
    ok($left[0]{is_recruiter_verified}, 'a verified one');
    my @in = grep { api(POST => '/login/recruiter', json => { email => $email, password => password($_) })->{status} == 200 } 0 .. 31;
    is("@in", $won, 'with its password and no other');
    my ($row) = grep { $_->{id} eq $invite->{id} } rows('recruiter_invites');
    is($row->{used_by}, $left[0]{id}, 'used by that one');
}
{
    # The same invite, used for 32 addresses.
    my $owner   = new_email();
    my $invite  = invite($owner);
    my @emails  = map { new_email() } 1 .. 31;
    my @answers = together(32, sub {
        my ($n) = @_;
        return patiently(sub { api(POST => '/register/recruiter', json => { email => ($owner, @emails)[$n], password => password($n), invite_code => $invite->{code} }) });
    });
    is(tally(@answers), '1 of 201, 31 of 403 invite_invalid', 'one invite, 32 people: its own');
    is($answers[0]{status}, 201, 'the one it was made for');
    is(scalar(map { accounts($_) } @emails), 0, 'no account of the others');
}
{
    # A double click: one account redeems the same invite many times at once.
    my $ada     = person();
    my $invite  = invite($ada->{email});
    my @answers = together(16, sub {
        return patiently(sub { api(POST => '/login/recruiter', json => { email => $ada->{email}, password => $ada->{password}, invite_code => $invite->{code} }) });
    });
    is(tally(@answers), '16 of 200', 'one invite, 16 sign-ins of its owner');
    my ($row) = accounts($ada->{email});
    is_deeply($row->{roles}, ['candidate', 'recruiter'], 'the role once');
    ok($row->{is_recruiter_verified}, 'verified');
    my ($user) = grep { $_->{id} eq $row->{id} } rows('users');
    is($user->{ver}, 2, 'by one change');
}

# --- verifying and withdrawing ---------------------------------------------------------------------------------------
{
    my @admins = map { admin() } 1 .. 16;
    my $carl   = person();
    my $id     = $carl->{user}{id};
    api(PATCH => "/users/$id", json => { roles => ['candidate', 'recruiter'] }, @as_boss);
    my $rounds  = 6;
    my @answers = map { @$_ } together(16, sub {
        my ($n) = @_;
        return [map {
            my $verified = ($n + $_) % 2 ? $true : $false;
            my $said = patiently(sub { api(POST => '/recruiter/verify', json => { user_id => $id, verified => $verified }, bearer($admins[$n])) });
            +{ %$said, asked => $verified ? 1 : 0 };
        } 1 .. $rounds];
    });
    is(tally(@answers), 16 * $rounds . ' of 200', '16 admins verify and withdraw at once');
    is(scalar(grep { ($_->{json}{is_recruiter_verified} ? 1 : 0) != $_->{asked} } @answers), 0, 'each answer shows the account as that admin left it');

    my $now = api(GET => "/users/$id", @as_boss)->{json}{is_recruiter_verified} ? 1 : 0;
    my ($row) = grep { $_->{id} eq $id } rows('users');
    is($row->{is_recruiter_verified} ? 1 : 0, $now, 'the end is one for all: GET /users/{id} and the store');
    my $door = api(POST => '/login/recruiter', json => { email => $carl->{email}, password => $carl->{password} });
    is($door->{status}, $now ? 200 : 403, 'a fresh sign-in as recruiter');
    is($door->{json}{code}, $now ? undef : 'recruiter_pending', 'with its words');
    my $in     = api(POST => '/login', json => { email => $carl->{email}, password => $carl->{password} })->{json};
    my $claims = JSON->new->decode(decode_base64url((split /\./, $in->{access_token})[1]));
    is($claims->{ver}, $row->{ver}, 'ver of the token and of the account');
    my @roles = ('candidate', $now ? 'recruiter' : ());
    is_deeply($claims->{roles}, \@roles, 'roles of a fresh token');
    is_deeply(request(GET => '/api/protected/me', bearer => $_)->{json}{roles}, \@roles, 'and of an older one') for $in->{access_token}, $carl->{access_token};
    # Each real change is counted once: the first one gave the role, and each other one reversed the one before.
    is(($row->{ver} - 2) % 2, $now, 'as many changes as its end says');
    cmp_ok($row->{ver} - 2, '<=', scalar @answers, 'no more of them than requests');
    my @log = grep { ($_->{subject_id} // '') eq $id && $_->{event} =~ /^recruiter_(?:verify|withdraw)$/ } rows('audit_log');
    is(scalar @log, scalar @answers, 'each request is in the audit');
}
done_testing;
