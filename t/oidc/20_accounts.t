# SPDX-License-Identifier: Apache-2.0
# The mapping from an identity to an account: for each row of the table the answer of the callback, and the account afterwards.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody);
use AuthPlatform::Test ();
use JSON ();
use POSIX ();
use Test::More;

my $forge  = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
# The provider corp may vouch for the domain corp.test only.
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'corp.test']);


# One sign-in with a new cookie jar. The provider names the person as => NAME; claims => replaces claims of that person.
sub arrives {
    my ($provider, %o) = @_;
    my $realm = $provider eq 'google' ? $google : $corp;
    $realm->plan(claims => $o{claims}) if $o{claims};
    my $answer = ($o{visitor} || $site->visitor)->sign_in($provider, login_hint => $o{as}, role => $o{role});
    $realm->plan if $o{claims};
    return $answer;
}

sub came_in {
    my ($answer, $what, %user) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($answer->{status}, 200, "$what: signed in") or diag $answer->{body};
    my $in = $answer->{json} || {};
    ok($in->{access_token} && $in->{refresh_token} && ($in->{token_type} // '') eq 'bearer' && $in->{expires_in}, "$what: tokens");
    for my $name (sort keys %user) {
        my ($is, $wanted) = map { JSON->new->canonical->allow_nonref->encode($_) } map { JSON::is_bool($_) ? ($_ ? 1 : 0) : $_ } $in->{user}{$name}, $user{$name};
        is($is, $wanted, "$what: $name");
    }
    return $in;
}

sub refused {
    my ($answer, $status, $code, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$answer->{status} " . ($answer->{json}{code} // ''), "$status $code", "$what: $code") or diag $answer->{body};
    is($answer->{json}{detail}, 'Recruiter pending verification', "$what: its words") if $code eq 'recruiter_pending';
    ok(!exists $answer->{json}{access_token} && !grep({ /authp_(?:at|rt)=[^;]/ } @{ $answer->{headers}{'set-cookie'} || [] }), "$what: no session");
    return;
}

sub only { my ($email) = @_; my @all = $site->accounts($email); is(scalar @all, 1, "one account has $email"); return $all[0] }
sub identities { my ($account) = @_; return join ' ', sort map { $_->{provider} } @{ $account->{identities} } }
sub verify { my ($email) = @_; return $site->as_admin(POST => '/recruiter/verify', json => { email => $email })->{status} }
sub changed { my ($id, %to) = @_; my $got = $site->as_admin(PATCH => "/users/$id", json => \%to); $got->{status} == 200 or die $got->{body}; return $got->{json} }
sub password_opens { my ($person) = @_; return $site->httpd->api('/login', { map { $_ => $person->{$_} } qw(email password) })->{status} }

# --- no account ------------------------------------------------------------------------------------------------------
subtest 'nobody, as a candidate' => sub {
    for my $role (undef, 'candidate') {
        my $who = somebody();
        my $in = came_in(arrives(google => as => $who, role => $role), $role // 'no role', email => "$who\@gmail.test", roles => ['candidate'], email_verified => 1,
            is_recruiter_verified => 0, disabled => 0, name => ucfirst $who);
        my $account = only("$who\@gmail.test");
        my ($identity) = @{ $account->{identities} };
        is("$identity->{provider} $identity->{email}", "google $who\@gmail.test", 'the identity');
        like($identity->{picture}, qr/\Q$who\E\.png$/, 'its picture');
        like($identity->{$_}, qr/^\d{4}-\d\d-\d\dT.*Z$/, $_) for qw(last_login linked_at);
        is($site->httpd->get('/page.txt', bearer => $in->{access_token})->{status}, 200, 'a guarded page opens');
        is($site->httpd->get('/api/auth/me/identities', bearer => $in->{access_token})->{json}{password} ? 1 : 0, 0, 'no password');
        came_in(arrives(google => as => $who, role => $role), 'again', id => $in->{user}{id});
    }
};

subtest 'nobody, as a recruiter' => sub {
    my ($invited, $eager) = (somebody(), somebody());
    $site->invite("$invited\@gmail.test");
    my $in = came_in(arrives(google => as => $invited, role => 'recruiter'), 'invited', roles => ['recruiter'], is_recruiter_verified => 1, email_verified => 1);
    my ($invite) = grep { $_->{email} eq "$invited\@gmail.test" } @{ $site->as_admin(GET => '/recruiter/invites')->{json}{items} };
    ok($invite->{used_at}, 'the invite is used up');
    came_in(arrives(google => as => $invited, role => 'recruiter'), 'and again', id => $in->{user}{id});

    refused(arrives(google => as => $eager, role => 'recruiter'), 403, 'recruiter_pending', 'not invited');
    my $account = only("$eager\@gmail.test");
    is_deeply($account->{roles}, ['candidate'], 'a candidate');
    is(identities($account), 'google', 'with the identity');
    refused(arrives(google => as => $eager, role => 'recruiter'), 403, 'recruiter_pending', 'asking again');
    came_in(arrives(google => as => $eager), 'as a candidate', id => $account->{id});
    is(verify("$eager\@gmail.test"), 200, 'the request was noted: an administrator can say yes');
    came_in(arrives(google => as => $eager, role => 'recruiter'), 'then', id => $account->{id}, is_recruiter_verified => 1);
};

subtest 'an invite that is no longer good' => sub {
    my $who = somebody();
    my $invite = $site->invite("$who\@gmail.test");
    is($site->as_admin(DELETE => "/recruiter/invites/$invite->{id}")->{status}, 204, 'withdrawn');
    refused(arrives(google => as => $who, role => 'recruiter'), 403, 'recruiter_pending', 'a withdrawn invite');
    my $other = somebody();
    $site->invite("$other\@gmail.test");
    refused(arrives(google => as => somebody(), role => 'recruiter'), 403, 'recruiter_pending', q{somebody else's});
};

# --- account found by identity ---------------------------------------------------------------------------------------
subtest 'known by the identity' => sub {
    my $who = somebody();
    my $id = came_in(arrives(google => as => $who), 'first')->{user}{id};
    is(verify("$who\@gmail.test"), 422, 'has not asked to be a recruiter');
    came_in(arrives(google => as => $who, claims => { email => "new-$who\@gmail.test", picture => 'https://img.example/2.png' }), 'with another address there',
        id => $id, email => "$who\@gmail.test");
    my $account = only("$who\@gmail.test");
    is_deeply([@{ $account->{identities}[0] }{qw(email picture)}], ["new-$who\@gmail.test", 'https://img.example/2.png'], 'the identity is renewed, the address of the account stays');

    refused(arrives(google => as => $who, role => 'recruiter'), 403, 'recruiter_pending', 'a candidate asks');
    is(verify("$who\@gmail.test"), 200, 'and it is noted');
    is($site->as_admin(POST => '/recruiter/verify', json => { user_id => $id, verified => JSON::false })->{status}, 200, 'withdrawn');
    changed($id, roles => ['recruiter']);
    refused(arrives(google => as => $who), 403, 'recruiter_pending', 'recruiter alone, not verified');
    refused(arrives(google => as => $who, role => 'recruiter'), 403, 'recruiter_pending', 'the same as a recruiter');
    $site->invite("$who\@gmail.test");
    came_in(arrives(google => as => $who, role => 'recruiter'), 'with an invite', id => $id, is_recruiter_verified => 1);

    my $second = $site->invite("$who\@gmail.test");
    came_in(arrives(google => as => $who, role => 'recruiter'), 'verified already', id => $id);
    my ($left) = grep { $_->{id} eq $second->{id} } @{ $site->as_admin(GET => '/recruiter/invites')->{json}{items} };
    ok(!$left->{used_at}, 'an invite more is not touched');
};

# --- account found by address ----------------------------------------------------------------------------------------
subtest 'known by an address that was proven' => sub {
    my $who = somebody();
    my $claims = { email => "$who\@corp.test" };
    my $in = came_in(arrives(corp => as => $who, claims => $claims), 'proven by its own provider', email_verified => 1);
    came_in(arrives(google => as => $who, claims => $claims), 'linked', id => $in->{user}{id});
    is(identities(only("$who\@corp.test")), 'corp google', 'both open it');
    is($site->httpd->get('/page.txt', bearer => $in->{access_token})->{status}, 200, 'and the sessions it had go on');
    refused(arrives(google => as => "other-$who", claims => $claims), 409, 'identity_conflict', 'another person of that issuer with this address');
    refused(arrives(google => as => "other-$who", claims => $claims, role => 'recruiter'), 409, 'identity_conflict', 'whatever the role');
};

subtest 'first proof of an address' => sub {
    my $who = somebody();
    my $person = $site->registered("$who\@gmail.test");
    my $in = came_in(arrives(google => as => $who), 'the owner', id => $person->{user}{id}, email_verified => 1);
    isnt(password_opens($person), 200, 'the password is gone');
    is($site->httpd->api('/refresh', { refresh_token => $person->{refresh_token} })->{status}, 401, 'so are its sessions');
    is($site->httpd->get('/page.txt', bearer => $person->{access_token})->{status}, 401, 'and their access tokens');
    is($site->httpd->get('/page.txt', bearer => $in->{access_token})->{status}, 200, 'the new one is in');
    is(identities(only("$who\@gmail.test")), 'google', 'linked');

    my $capital = somebody();
    $person = $site->registered("$capital\@gmail.test");
    came_in(arrives(google => as => $capital, claims => { email => uc "$capital\@gmail.test" }), 'in capitals', id => $person->{user}{id});
};

subtest 'roles at first proof' => sub {
    my ($invited, $chosen, $pending) = (somebody(), somebody(), somebody());
    my $invite = $site->invite("$invited\@gmail.test");
    my $made = $site->httpd->api('/register/recruiter', { email => "$invited\@gmail.test", password => 'some words 12', invite_code => $invite->{code} });
    is($made->{status}, 201, 'a recruiter by an invite');
    came_in(arrives(google => as => $invited), 'an invite for this address', id => $made->{json}{user}{id}, roles => ['recruiter'], is_recruiter_verified => 1);

    my $person = $site->registered("$chosen\@gmail.test");
    changed($person->{user}{id}, roles => [qw(candidate recruiter)], is_recruiter_verified => JSON::true);
    came_in(arrives(google => as => $chosen), 'an administrator said so', id => $person->{user}{id}, roles => [qw(candidate recruiter)], is_recruiter_verified => 1);

    $person = $site->registered("$pending\@gmail.test");
    refused(arrives(google => as => $pending, role => 'recruiter'), 403, 'recruiter_pending', 'a candidate asks at first proof');
    isnt(password_opens($person), 200, 'the password is gone all the same');
    came_in(arrives(google => as => $pending), 'as a candidate', id => $person->{user}{id});
};

subtest 'somebody else opens the account too' => sub {
    my $who = somebody();
    # The provider corp may not vouch for this domain, so the account has the address unproven, and corp's identity opens it.
    my $claims = { email => "$who\@gmail.test" };
    my $squatter = came_in(arrives(corp => as => "squat-$who", claims => $claims), 'the one who was first', email_verified => 0);
    my $owner = came_in(arrives(google => as => $who), 'the owner', email_verified => 1, email => "$who\@gmail.test");
    isnt($owner->{user}{id}, $squatter->{user}{id}, 'gets a new account');
    is(only("$who\@gmail.test")->{id}, $owner->{user}{id}, 'and the address');
    my $left = $site->as_admin(GET => "/users/$squatter->{user}{id}")->{json};
    is_deeply([$left->{email}, identities($left)], [undef, 'corp'], 'the first one keeps all but the address');
    came_in(arrives(corp => as => "squat-$who", claims => $claims), 'and gets in as before', id => $squatter->{user}{id}, email => undef);
};

# --- who may vouch ---------------------------------------------------------------------------------------------------
subtest 'a provider that may not vouch for the address' => sub {
    my $who = somebody();
    $site->invite("$who\@gmail.test");
    refused(arrives(corp => as => $who, role => 'recruiter'), 403, 'recruiter_pending', 'no invite counts');
    my $account = only("$who\@gmail.test");
    ok(!$account->{email_verified}, 'an account with the address, not proven');
    for my $proven (0, 1) {
        my $taken = somebody();
        $proven ? came_in(arrives(google => as => $taken), 'proven') : $site->registered("$taken\@gmail.test");
        refused(arrives(corp => as => $taken), 409, 'identity_conflict', $proven ? 'taken and proven' : 'taken');
        is(identities(only("$taken\@gmail.test")), $proven ? 'google' : '', 'nothing is linked');
    }
    my $wider = somebody();
    came_in(arrives(corp => as => $wider, claims => { email => "$wider\@sub.corp.test" }), 'a domain below its own', email_verified => 0);
};

subtest 'an address that does not count' => sub {
    my $who = somebody();
    my @cases = (['"true"', email_verified => 'true'], ['false', email_verified => JSON::false], ['missing', email_verified => undef], [1, email_verified => 1],
        ['no address', email => undef], ['no address at all', email => 'nobody'], ['two', email => 'a@b.test,c@d.test'], ['a number', email => 5],
        ['a long one', email => 'a' x 250 . '@b.test']);
    for my $case (@cases) {
        my ($what, %claims) = @$case;
        refused(arrives(google => as => $who, claims => \%claims), 403, 'email_unverified', $what);
    }
    is(scalar $site->accounts("$who\@gmail.test"), 0, 'and no account comes of it');
};

# --- administrators, disabled accounts -------------------------------------------------------------------------------
subtest 'administrators are never linked by address' => sub {
    my ($new, $proven) = (somebody(), somebody());
    my $admin = $site->made_by_tool(admin => "$new\@gmail.test");
    refused(arrives(google => as => $new), 409, 'identity_conflict', 'an administrator with an unproven address');
    is(password_opens($admin), 200, 'nothing has changed');
    is(identities(only("$new\@gmail.test")), '', 'nothing is linked');
    my $id = came_in(arrives(corp => as => $proven, claims => { email => "$proven\@corp.test" }), 'a proven address')->{user}{id};
    changed($id, roles => [qw(candidate admin)]);
    refused(arrives(google => as => $proven, claims => { email => "$proven\@corp.test" }), 409, 'identity_conflict', 'an administrator with a proven address');
    refused(arrives(google => as => $proven, claims => { email => "$proven\@corp.test" }, role => 'recruiter'), 409, 'identity_conflict', 'as a recruiter');
    came_in(arrives(corp => as => $proven, claims => { email => "$proven\@corp.test" }), 'by the identity', id => $id);
    is(identities(only("$proven\@corp.test")), 'corp', 'nothing is linked');
};

subtest 'a disabled account' => sub {
    my ($known, $proven, $new) = (somebody(), somebody(), somebody());
    my $id = came_in(arrives(google => as => $known), 'known')->{user}{id};
    my $by_corp = came_in(arrives(corp => as => $proven, claims => { email => "$proven\@corp.test" }), 'proven')->{user}{id};
    my $person = $site->registered("$new\@gmail.test");
    changed($_, disabled => JSON::true) for $id, $by_corp, $person->{user}{id};
    refused(arrives(google => as => $known), 403, 'account_disabled', 'by identity');
    refused(arrives(google => as => $known, role => 'recruiter'), 403, 'account_disabled', 'as a recruiter');
    refused(arrives(google => as => $proven, claims => { email => "$proven\@corp.test" }), 403, 'account_disabled', 'by an address that was proven');
    refused(arrives(google => as => $new), 403, 'account_disabled', 'by an address that was not');
    changed($_, disabled => JSON::false) for $id, $by_corp, $person->{user}{id};
    is(password_opens($person), 200, 'nothing changed: the password still opens it');
    is(identities(only("$new\@gmail.test")), '', 'nothing was linked');
    is(identities(only("$proven\@corp.test")), 'corp', 'nor there');
};

# --- races -----------------------------------------------------------------------------------------------------------
subtest 'two callbacks at once' => sub {
    for my $round (1 .. 4) {
        my $who = somebody();
        my @way = map { my $visitor = $site->visitor; [$visitor, $visitor->at_provider($visitor->begin('google', login_hint => $who))] } 1 .. 3;
        my @readers = map {
            my ($visitor, $back) = @$_;
            my $pid = open(my $reader, '-|') // die "fork: $!";
            if (!$pid) {
                my $answer = $visitor->open($back);
                print "$answer->{status} ", $answer->{json}{user}{id} // $answer->{body};
                close STDOUT;
                POSIX::_exit(0);
            }
            $reader;
        } @way;
        my @said = map { local $/; my $text = <$_>; close $_; $text } @readers;
        my $account = only("$who\@gmail.test");
        is_deeply(\@said, [("200 $account->{id}") x 3], "round $round: all get the one account");
    }
};
done_testing;
