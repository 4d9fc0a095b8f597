# SPDX-License-Identifier: Apache-2.0
# GET, POST and DELETE /me/identities, and the administrator's routes. Only the session that began to link an identity can finish it.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(query_of somebody with_query words);
use AuthPlatform::Test ();
use JSON ();
use MIME::Base64 'decode_base64url';
use Test::More;

my $APP   = 'https://app.example.org';
my $forge = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'corp.test'], settings => "FRONTEND_URL=$APP\n",
    more => qq{<Location "/">\nAuthPlatformSignInPage /sign-in.html\n</Location>});

sub me       { my ($who, $method, $path, %o) = @_; return $site->httpd->request($method, "/api/auth/me/identities$path", bearer => $who->{access_token}, %o) }
sub names    { my ($who) = @_; return join ' ', sort map { $_->{provider} } @{ me($who, GET => '')->{json}{items} } }

# A new person, signed in at google: {access_token, refresh_token, user, name}.
sub googler { my $name = somebody(); return { name => $name, %{ $site->visitor->sign_in('google', login_hint => $name)->{json} } } }

# Begins to link an identity of the provider $name and goes through the provider. Returns the callback's answer, the visitor and the address
# with the ticket. The provider names the person as => NAME.
sub linking {
    my ($who, $name, %o) = @_;
    my $started = me($who, POST => "/$name", json => { exists $o{return_to} ? (return_to => $o{return_to}) : () });
    die "linking: $started->{status} $started->{body}" if $started->{status} != 200;
    my $visitor = $site->visitor;
    AuthPlatform::Httpd::note_secrets(values %{ query_of($started->{json}{location}) });
    my $login = $visitor->open($started->{json}{location});
    my $location = with_query($login->{location}, login_hint => $o{as} || somebody());
    return ($visitor->open($visitor->at_provider($location)), $visitor, $started->{json}{location});
}
sub link_code { my ($answer) = @_; return $answer->{json}{link_code} // query_of($answer->{location} // '')->{link_code} }

# --- the list --------------------------------------------------------------------------------------------------------
subtest 'the list' => sub {
    my $who = googler();
    my $list = me($who, GET => '');
    is($list->{status}, 200, 'GET /me/identities') or diag $list->{body};
    my ($item) = @{ $list->{json}{items} };
    is(join(' ', sort keys %$item), 'email last_login linked_at picture provider', 'what a row has');
    is("$item->{provider} $item->{email}", "google $who->{name}\@gmail.test", 'a row');
    is($list->{json}{password} ? 1 : 0, 0, 'no password');
    my $plain = $site->registered(somebody() . '@gmail.test');
    my $none = me($plain, GET => '')->{json};
    is_deeply([$none->{items}, $none->{password} ? 1 : 0], [[], 1], 'a password and no identity');
    is($site->httpd->get('/api/auth/me/identities')->{status}, 401, 'for who is signed in');
    is($site->httpd->request('DELETE', '/api/auth/me/identities/google')->{status}, 401, 'and so is one of them');
};

# --- linking ---------------------------------------------------------------------------------------------------------
subtest 'linking' => sub {
    my $person = $site->registered(somebody() . '@gmail.test');
    my ($answer, $visitor) = linking($person, corp => as => my $other = somebody(), return_to => '/page.txt?x=1');
    is($answer->{status}, 302, 'the callback goes back') or diag $answer->{body};
    like($answer->{location}, qr{^(?:\Q@{[$site->origin]}\E)?/page\.txt\?x=1&link_code=[\w-]+$}, 'to return_to, with link_code');
    is(names($person), '', 'and has changed nothing');
    ok(!$visitor->jar->{'__Host-authp_at'}, 'nobody is signed in by it');
    my $linked = me($person, POST => '', json => { link_code => link_code($answer) });
    is($linked->{status}, 200, 'POST /me/identities') or diag $linked->{body};
    is($linked->{json}{items}[0]{provider}, 'corp', 'answers the list');
    ok($linked->{json}{password}, 'the password stays');
    my $in = $site->visitor->sign_in('corp', login_hint => $other);
    is($in->{json}{user}{id}, $person->{user}{id}, 'from now on it opens the account');
    is($in->{json}{user}{email}, $person->{email}, 'whose address stays');
    is(words(me($person, POST => '', json => { link_code => link_code($answer) })), '400 oauth_state_invalid', 'a code counts once');

    my ($plain) = linking(googler(), 'corp');
    is($plain->{status}, 200, 'without return_to');
    is(join(' ', keys %{ $plain->{json} }), 'link_code', 'the code in the body');
    my ($app) = linking(googler(), 'corp', return_to => "$APP/settings");
    like($app->{location} // '', qr{^\Q$APP\E/settings\?link_code=}, 'a URL of an app');
};

subtest 'linking is not for others' => sub {
    my ($victim, $thief) = (googler(), googler());
    my ($answer) = linking($victim, 'corp');
    is(words(me($thief, POST => '', json => { link_code => link_code($answer) })), '400 oauth_state_invalid', 'a code of another account');
    my $second = $site->visitor->sign_in('google', login_hint => $victim->{name})->{json};
    is(words(me($second, POST => '', json => { link_code => link_code($answer) })), '400 oauth_state_invalid', 'of another session of the same account');
    is(words(me($victim, POST => '', json => { link_code => $_ })), '400 oauth_state_invalid', 'a code made up') for 'x' x 43, link_code($answer) . 'x';
    is(words(me($victim, POST => '', json => { link_code => link_code($answer) })), '200 ', 'none of which used it up');
    my ($twice, undef, $ticket) = linking($thief, 'corp', as => my $used = somebody());
    is($site->visitor->open($ticket)->{status}, 400, 'a ticket counts once');
    is($site->visitor->open("${ticket}x")->{status}, 400, 'and not when it is bent');
    is(words(me($thief, POST => '', json => { link_code => link_code($twice) })), '200 ', 'linked to the one who asked first');
    my ($conflict) = linking($second, 'corp', as => $used);
    is($conflict->{status}, 200, 'an identity of another account: known only');
    is(words(me($second, POST => '', json => { link_code => link_code($conflict) })), '409 identity_conflict', 'when it is to be linked');
    is(words(me($second, POST => '/nobody', json => {})), '404 not_found', 'an unknown provider');
    is(words(me($second, POST => '/corp', json => { return_to => '//evil.example' })), '422 validation_failed', 'a bad return_to');
    my ($denied) = linking($second, 'corp', as => 'deny', return_to => '/page.txt');
    is(query_of($denied->{location})->{error}, 'oauth_denied', 'who refuses at the provider comes back with the error');
};

subtest 'linking a provider that is linked' => sub {
    my $who = googler();
    my $rows = me($who, GET => '')->{json}{items};
    my ($same) = linking($who, 'google', as => $who->{name});
    is(words(me($who, POST => '', json => { link_code => link_code($same) })), '200 ', 'the same identity');
    is(me($who, GET => '')->{json}{items}[0]{linked_at}, $rows->[0]{linked_at}, 'is linked as before');
    my ($other) = linking($who, 'google', as => my $second = somebody());
    is(words(me($who, POST => '', json => { link_code => link_code($other) })), '409 identity_conflict', 'another identity of that issuer');
    is(me($who, GET => '')->{json}{items}[0]{email}, "$who->{name}\@gmail.test", 'does not take its place');
    isnt($site->visitor->sign_in('google', login_hint => $second)->{json}{user}{id}, $who->{user}{id}, 'and does not open the account');
};

# --- unlinking -------------------------------------------------------------------------------------------------------
subtest 'unlinking' => sub {
    my $who = googler();
    is(words(me($who, DELETE => '/google')), '409 last_credential', 'the last way in stays');
    my ($answer) = linking($who, 'corp', as => my $other = somebody());
    me($who, POST => '', json => { link_code => link_code($answer) });
    is(names($who), 'corp google', 'two ways in');
    my $gone = me($who, DELETE => '/google');
    is("$gone->{status} $gone->{body}", '204 ', 'one may go');
    is(names($who), 'corp', 'and is gone');
    is(words(me($who, DELETE => '/google')), '404 not_found', 'a second time');
    is(words(me($who, DELETE => '/corp')), '409 last_credential', 'the other one stays');
    my $again = $site->visitor->sign_in('google', login_hint => $who->{name});
    is($again->{json}{user}{id}, $who->{user}{id}, 'by the address that was proven it is linked again');
};

# --- a fresh proof ---------------------------------------------------------------------------------------------------
subtest 'a sign-in of some time ago' => sub {
    my $who = googler();
    my $claims = JSON->new->utf8->decode(decode_base64url((split /\./, $who->{access_token})[1]));
    local $ENV{AUTHP_ENV_FILE} = "$site->{httpd}{dir}/.env";
    my $old = { %$who, access_token => AuthPlatform::Test::bent_token($who, auth_time => $claims->{auth_time} - 301) };
    is(me($old, GET => '')->{status}, 200, 'may look');
    is(words(me($old, POST => '/corp', json => {})), '401 insufficient_user_authentication', 'may not begin to link');
    is(words(me($old, DELETE => '/google')), '401 insufficient_user_authentication', 'may not unlink');
    my ($answer) = linking($who, 'corp');
    is(words(me($old, POST => '', json => { link_code => link_code($answer) })), '401 insufficient_user_authentication', 'may not link');
    my $fresh = { %$who, access_token => AuthPlatform::Test::bent_token($who, auth_time => $claims->{auth_time} - 280) };
    is(words(me($fresh, POST => '', json => { link_code => link_code($answer) })), '200 ', 'within five minutes');
};

# --- administrators --------------------------------------------------------------------------------------------------
subtest 'administrators' => sub {
    my $who = googler();
    my $shown = $site->as_admin(GET => "/users/$who->{user}{id}")->{json};
    is_deeply($shown->{identities}, me($who, GET => '')->{json}{items}, 'see the same rows');
    my $path = "/api/auth/users/$who->{user}{id}/identities/google";
    is($site->httpd->request(DELETE => $path, bearer => $who->{access_token})->{status}, 403, 'nobody else removes by id');
    is($site->as_admin(DELETE => "/users/$who->{user}{id}/identities/corp")->{status}, 404, 'not what is not there');
    is($site->as_admin(DELETE => "/users/$who->{user}{id}/identities/google")->{status}, 204, 'may remove the last way in');
    is(names($who), '', 'it is gone');
};

subtest 'a password for who has none' => sub {
    my $who = googler();
    my $set = $site->httpd->request(POST => '/api/auth/me/password', bearer => $who->{access_token}, json => { new_password => 'now with a word 1' });
    is($set->{status}, 200, 'set after a fresh sign-in') or diag $set->{body};
    $who->{access_token} = $set->{json}{access_token};
    is(me($who, GET => '')->{json}{password} ? 1 : 0, 1, 'there is one');
    is(me($who, DELETE => '/google')->{status}, 204, 'so the identity may go');
    AuthPlatform::Httpd::note_secrets('now with a word 1');
};
$_->seen('token') for $google, $corp;
done_testing;
