# SPDX-License-Identifier: Apache-2.0
# Links of mails that are used at the same moment as something else, at two httpds with one store: the store decides, and every client gets a
# true answer.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use AuthPlatform::Together;
use JSON ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant ROUNDS => 3;
*words = \&AuthPlatform::Mailed::words;
my ($true, $false) = (JSON::true(), JSON::false());
# A hash takes some milliseconds, so that requests overlap.
my $site     = AuthPlatform::Mailed->new(settings => "BCRYPT_ROUNDS=8\n");
my @httpds   = ($site->httpd, AuthPlatform::Httpd->new(realm => $site->httpd)->start);
my $admin    = $site->admin;
my $password = $site->password;

# A request to the httpd number $n. After 429 and 503 it is sent again.
sub at {
    my ($n, $method, $path, $json, %o) = @_;
    my $as = delete $o{as};
    return patiently(sub { $httpds[$n % 2]->request($method, "/api/auth$path", (defined $json ? (json => $json) : ()), ($as ? (bearer => $as->{access_token}) : ()), %o) });
}

sub new_password { return "password of racer $_[0]" }
sub reset_with   { my ($n, $token) = @_; return at($n, POST => '/password/reset', { token => $token, new_password => new_password($n) }) }
sub accounts     { return @{ $site->get("/users?email=$_[0]", as => $admin)->{json}{items} } }
sub opens        { my ($email, @passwords) = @_; return grep { $site->sign_in($email, $_)->{status} == 200 } @passwords }

# The token of the next mail to that address whose link leads to that page.
sub token_for {
    my ($email, $page) = @_;
    my $mail;
    do { $mail = $site->next_mail($email) } until ($mail->{page} // '') eq $page;
    return $mail->{token};
}

sub reset_link {
    my ($ada) = @_;
    is(words($site->post('/password/forgot', { email => $ada->{email} })), '202', 'asks for a new password');
    return token_for($ada->{email}, 'reset-password');
}

# An account whose address is proven.
sub proven {
    my $email = $site->new_email;
    my ($status, undef, $error) = $site->tool("$password\n", qw(user create --role candidate --email), $email);
    $status == 0 or die "authplatform user create: $error";
    return { email => $email, %{ $site->sign_in($email)->{json} } };
}

sub change_link {
    my ($ada, $email) = @_;
    is(words($site->post('/me/email', { new_email => $email, password => $password }, as => $ada)), '202', 'asks for another address');
    return token_for($email, 'verify-email');
}

# True if the tokens of that answer open nothing any more, at no httpd.
sub is_out {
    my ($tokens, $name) = @_;
    is_deeply([map { at($_, GET => '/me', undef, as => $tokens)->{status}, at($_, POST => '/refresh', { refresh_token => $tokens->{refresh_token} })->{status} } 0, 1],
        [(401) x 4], $name);
}

# Requests of several kinds at once, in a random order. Returns the answers of each kind, in the order of the kinds: a list for each.
sub mixed {
    my (@kinds) = @_;    # [count, code]
    my @jobs    = map { my $kind = $_; map { [$kind, $_] } 1 .. $kinds[$kind][0] } 0 .. $#kinds;
    my @order   = sort { $a->[2] <=> $b->[2] } map { [@$_, rand] } @jobs;
    my @answers = together(scalar @order, sub { my ($n) = @_; return $kinds[$order[$n][0]][1]->($n) });
    return map { my $kind = $_; [map { $answers[$_] } grep { $order[$_][0] == $kind } 0 .. $#order] } 0 .. $#kinds;
}

# --- one link, many requests -------------------------------------------------------------------------------------------
subtest '16 new passwords with one link' => sub {
    for my $ada (proven(), $site->account) {
        my $token   = reset_link($ada);
        my @answers = together(16, sub { return reset_with($_[0], $token) });
        is(tally(@answers), '1 of 200, 15 of 400 link_invalid', 'one of them');
        my ($won) = grep { $answers[$_]{status} == 200 } 0 .. 15;
        is_deeply([opens($ada->{email}, $password, map { new_password($_) } 0 .. 15)], [new_password($won)], 'its password opens the account, and no other');
        is_out($ada, 'the sessions from before have ended');
    }
};

subtest '16 first passwords with one link' => sub {
    my $email = $site->new_email;
    my $made  = $site->post('/users', { email => $email, send => $true }, as => $admin);
    is(words($made), '201', 'an account without a password');
    my $token   = token_for($email, 'reset-password');
    my @answers = together(16, sub { return reset_with($_[0], $token) });
    is(tally(@answers), '1 of 200, 15 of 400 link_invalid', 'one of them');
    my ($won) = grep { $answers[$_]{status} == 200 } 0 .. 15;
    is_deeply([opens($email, map { new_password($_) } 0 .. 15)], [new_password($won)], 'its password opens the account, and no other');
};

subtest '16 proofs with one link' => sub {
    my $ada     = $site->account;
    my $token   = token_for($ada->{email}, 'verify-email');
    my @answers = together(16, sub {
        my ($n) = @_;
        return $n % 4 == 0 ? at($n, POST => '/email/verify', { token => $token }, as => $ada) : at($n, POST => '/email/verify', { token => $token, password => $password });
    });
    is(tally(@answers), '1 of 200, 15 of 400 link_invalid', 'one of them');
    is_deeply([map { $_->{json}{email_verified} } grep { $_->{status} == 200 } @answers], [$true], 'its answer tells of the proof');
    is($site->get('/me', as => $ada)->{json}{email_verified}, $true, 'the address is proven, and the session goes on');
};

# --- a new password at the same moment as ... --------------------------------------------------------------------------
subtest 'sign-ins with the old password' => sub {
    for (1 .. ROUNDS) {
        my $ada   = proven();
        my $token = reset_link($ada);
        my ($resets, $ins) = mixed([1, sub { return reset_with($_[0], $token) }], [12, sub { return at($_[0], POST => '/login', { email => $ada->{email}, password => $password }) }]);
        is(tally(@$resets), '1 of 200', 'the new password is set');
        is(scalar(grep { join(' ', $_->{status}, $_->{code} // ()) !~ /^(?:200|401 invalid_credentials)$/ } @$ins), 0, 'a sign-in succeeds or not') or diag tally(@$ins);
        my @in = map { $_->{json} } grep { $_->{status} == 200 } @$ins;
        note scalar(@in) . ' of 12 have signed in';
        is_out($_, 'no session of the old password is left') for $ada, @in;
    }
};

subtest 'a change of the password' => sub {
    for (1 .. 2 * ROUNDS) {
        my $ada   = proven();
        my $token = reset_link($ada);
        my $other = "changed password $_";
        my ($resets, $changes) = mixed([1, sub { sleep rand 0.04; return reset_with(0, $token) }],
            [1, sub { return at($_[0], POST => '/me/password', { current_password => $password, new_password => $other }, as => $ada) }]);
        my ($reset, $change) = ($resets->[0], $changes->[0]);
        my $reset_won = $reset->{status} == 200;
        if ($reset_won) {
            like(tally($change), qr/^1 of (?:401 token_revoked|403 invalid_credentials)$/, 'the reset was first: the change is refused');
            is_out($ada, 'and its session has ended');
        }
        else {
            is(tally($reset), '1 of 400 link_invalid', 'the change was first: the link is no good any more');
            is(tally($change), '1 of 200', 'the password is changed');
            is(at($_, GET => '/me', undef, as => $change->{json})->{status}, 200, 'its session goes on') for 0, 1;
        }
        is_deeply([opens($ada->{email}, $password, new_password(0), $other)], [$reset_won ? new_password(0) : $other], 'its password opens the account, and no other');
    }
};

subtest 'the deletion of the account' => sub {
    for (1 .. 2 * ROUNDS) {
        my $ada   = proven();
        my $token = reset_link($ada);
        my ($resets, $deletions) = mixed([2, sub { return reset_with(0, $token) }], [1, sub { return at($_[0], DELETE => '/me', { password => $password }, as => $ada) }]);
        my $deleted = $deletions->[0]{status} == 204;
        like(tally($deletions->[0]), qr/^1 of (?:204|401 token_revoked|403 invalid_credentials)$/, 'a true answer to the deletion');
        is(scalar(grep { join(' ', $_->{status}, $_->{code} // ()) !~ /^(?:200|400 link_invalid)$/ } @$resets), 0, 'and to the others') or diag tally(@$resets);
        my @set = grep { $_->{status} == 200 } @$resets;
        cmp_ok(scalar @set, '<=', 1, 'at most one new password');
        ok($deleted || @set, 'something has happened');
        is_deeply([opens($ada->{email}, $password, new_password(0))], [$deleted ? () : new_password(0)], $deleted ? 'nothing opens the account' : 'the new password opens it');
        is(scalar accounts($ada->{email}), $deleted ? 0 : 1, 'the list agrees');
        is_out($ada, 'the sessions have ended');
        is(words(reset_with(1, $token)), '400 link_invalid', 'the link is no good any more');
        is(words($site->post('/register', { email => $ada->{email}, password => $password })), $deleted ? '201' : '409 email_taken', 'the address is free if it is gone');
    }
};

# --- a changed address at the same moment as ... -----------------------------------------------------------------------
subtest 'another change of it' => sub {
    for (1 .. ROUNDS) {
        my $ada    = proven();
        my @emails = map { $site->new_email } 0, 1;
        my @tokens = map { change_link($ada, $_) } @emails;
        my $use    = sub { my ($n, $which) = @_; return at($n, POST => '/email/verify', { token => $tokens[$which] }, as => $ada) };
        my @answers = mixed([8, sub { return $use->($_[0], 0) }], [8, sub { return $use->($_[0], 1) }]);
        is(tally(map {@$_} @answers), '1 of 200, 15 of 400 link_invalid', 'one of two changes, once');
        my ($won) = grep { grep { $_->{status} == 200 } @{ $answers[$_] } } 0, 1;
        my $me = $site->get('/me', as => $ada)->{json};
        is_deeply([@$me{qw(email email_verified)}], [$emails[$won], $true], 'whose address is proven');
        is_deeply([map { scalar accounts($_) } $ada->{email}, @emails[$won, 1 - $won]], [0, 1, 0], 'and the only one');
    }
};

subtest 'a registration with it' => sub {
    for (1 .. 2 * ROUNDS) {
        my $ada   = proven();
        my $email = $site->new_email;
        my $token = change_link($ada, $email);
        my ($uses, $new) = mixed([2, sub { return at($_[0], POST => '/email/verify', { token => $token }, as => $ada) }],
            [6, sub { return at($_[0], POST => '/register', { email => $email, password => new_password($_[0]) }) }]);
        my $moved = grep { $_->{status} == 200 } @$uses;
        my $made  = grep { $_->{status} == 201 } @$new;
        is($moved + $made, 1, $moved ? 'the change was first' : 'a registration was first') or diag tally(@$uses), ' ', tally(@$new);
        is(scalar(grep { $_->{status} != 201 && ($_->{code} // '') ne 'email_taken' } @$new), 0, 'each other registration finds it taken') or diag tally(@$new);
        is(scalar(grep { $_->{status} != 200 && ($_->{code} // '') !~ /^(?:email_taken|link_invalid)$/ } @$uses), 0, 'a change that fails has a true answer') or diag tally(@$uses);
        is(scalar accounts($email), 1, 'one account has the address');
        is(scalar accounts($ada->{email}), $moved ? 0 : 1, 'the old one is free, or kept');
        is(words($site->post('/email/verify', { token => $token }, as => $ada)), $moved ? '400 link_invalid' : '409 email_taken', 'the link afterwards');
    }
};

subtest 'the deletion of its account' => sub {
    for (1 .. ROUNDS) {
        my $ada   = proven();
        my $email = $site->new_email;
        my $token = change_link($ada, $email);
        my ($uses, $deletions) = mixed([4, sub { return at($_[0], POST => '/email/verify', { token => $token, password => $password }) }],
            [1, sub { return at($_[0], DELETE => '/me', { password => $password }, as => $ada) }]);
        is(tally(@$deletions), '1 of 204', 'the account is deleted');
        is(scalar(grep { join(' ', $_->{status}, $_->{code} // ()) !~ /^(?:200|400 link_invalid)$/ } @$uses), 0, 'true answers to the others') or diag tally(@$uses);
        cmp_ok(scalar(grep { $_->{status} == 200 } @$uses), '<=', 1, 'at most one change');
        is_deeply([map { scalar accounts($_) } $ada->{email}, $email], [0, 0], 'nobody has either address');
        is(words($site->post('/register', { email => $_, password => $password })), '201', 'and both are free') for $ada->{email}, $email;
    }
};

# --- a disabled account ------------------------------------------------------------------------------------------------
subtest 'a link of a disabled account' => sub {
    my $ada = $site->account;
    my @tokens = (token_for($ada->{email}, 'verify-email'), reset_link($ada));
    my $disable = sub { my ($n, $how) = @_; return at($n, PATCH => "/users/$ada->{user}{id}", { disabled => $how }, as => $admin) };
    is($disable->(0, $true)->{status}, 200, 'disabled between the mail and its use');
    is(words(reset_with(1, $tokens[1])), '400 link_invalid', 'no new password');
    is(words(at(1, POST => '/email/verify', { token => $tokens[0], password => $password })), '400 link_invalid', 'no proof');
    is($disable->(1, $false)->{status}, 200, 'enabled again');
    is(words(reset_with(0, $tokens[1])), '400 link_invalid', 'the link to a new password is no good any more');
    is(words(at(0, POST => '/email/verify', { token => $tokens[0], password => $password })), '200', 'but the address can be proven');
    for (1 .. ROUNDS) {
        my $token = reset_link($ada);
        my ($resets, $off) = mixed([4, sub { return reset_with(0, $token) }], [1, sub { return $disable->($_[0], $true) }]);
        is(tally(@$off), '1 of 200', 'disabled at the same moment');
        is(scalar(grep { join(' ', $_->{status}, $_->{code} // ()) !~ /^(?:200|400 link_invalid)$/ } @$resets), 0, 'true answers') or diag tally(@$resets);
        my $set = grep { $_->{status} == 200 } @$resets;
        cmp_ok($set, '<=', 1, 'at most one new password');
        is_deeply([opens($ada->{email}, $password, new_password(0))], [], 'it stays out');
        is($disable->(0, $false)->{status}, 200, 'enabled again');
        is_deeply([opens($ada->{email}, $password, new_password(0))], [$set ? new_password(0) : $password], 'the password is as the answers said');
        is(words(at(0, POST => '/me/password', { current_password => new_password(0), new_password => $password }, as => $site->sign_in($ada->{email}, new_password(0))->{json})), '200', 'as before')
            if $set;
    }
};

# --- the limit on mails ------------------------------------------------------------------------------------------------
subtest '20 forgotten passwords' => sub {
    my $limited = AuthPlatform::Mailed->new(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=1000/1m\nAUTH_LIMIT_MAIL=3/1h\n");
    my @two     = ($limited->httpd, AuthPlatform::Httpd->new(realm => $limited->httpd)->start);
    my $email   = $limited->new_email;
    my ($made)  = $limited->tool("$password\n", qw(user create --role candidate --email), $email);
    is($made, 0, 'an account whose address is proven');
    my ($user)  = grep { ($_->{email} // '') eq $email } $limited->rows('users');
    my @answers = together(20, sub { my ($n) = @_; return patiently(sub { $two[$n % 2]->api('/password/forgot', { email => $n % 3 ? $email : uc $email }) }) });
    is(tally(@answers), '20 of 202', 'at two httpds: the same answer to all');
    my @rows = $limited->rows('outbox');
    is(scalar @rows, 20, 'each wrote a row');
    is(scalar(grep { $_->{user_id} eq $user->{id} } @rows), 3, 'three are for the account, the others for nobody');
    is(scalar keys %{ { map { $_->{token_hash} => 1 } @rows } }, 20, 'no token is like another');
    my $end = time + 60;
    while (grep { !$_->{sent_at} } @rows = $limited->rows('outbox')) {
        time < $end or die "the mails do not go\n";
        sleep 0.2;
    }
    is(scalar(grep { defined $_->{sealed} } @rows), 0, 'no row that was sent has an address');
    my @mails = $limited->smtp->mails;
    is_deeply([map { @{ $_->{to} } } @mails], [($email) x 3], 'three mails were sent');
    is(scalar keys %{ { map { $_->{link} => 1 } @mails } }, 3, 'with three links');
    is(join("\n", map { $_->complaints } @two), '', 'nothing to complain about');
};

is(join("\n", map { $_->complaints } @httpds), '', 'nothing to complain about');
done_testing;
