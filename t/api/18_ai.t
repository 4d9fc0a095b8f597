# SPDX-License-Identifier: Apache-2.0
# The profile `ai`, as its front ends use it: usernames, the pair of cookies, literal bodies, answers and errors.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use JSON ();
use MIME::Base64 'decode_base64url';
use Test::More;

my $httpd = AuthPlatform::Httpd->new(role => 'user',
    more => "AuthPlatformMount /auth ai\nAuthPlatformMount /api/auth\nAuthPlatformTokenDelivery cookie\n"
        . "<Location /page.txt>\nAuthPlatformErrorShape ai\nAuthPlatformSignInPage /in.html\nHeader always set X-Seen \"expr=%{HTTP_COOKIE}\"\n</Location>\n"
        . "<Location /api/auth>\nAuthPlatformSignInPage /in.html\n</Location>\n")->start;
my $origin   = "http://127.0.0.1:$httpd->{port}";
my $password = 'three calm words';

sub post { my ($path, $json, %o) = @_; return $httpd->request(POST => "/auth$path", (defined $json ? (json => $json) : ()), %o) }

sub error_is {
    my ($answer, $status, $detail, $code, $name) = @_;
    is($answer->{status}, $status, $name) or diag $answer->{body};
    is_deeply($answer->{json}, { detail => $detail, code => $code }, '... in its words');
    return;
}

# The cookies that an answer sets: name => { value, line }.
sub cookies {
    my ($answer) = @_;
    return map { /^([^=]+)=([^;]*)(.*)$/ ? ($1 => { value => $2, line => $3 }) : () } @{ $answer->{headers}{'set-cookie'} || [] };
}

# The request headers of a browser with the pair of an answer; csrf => another X-CSRF-Token, undef: none.
sub browser {
    my ($answer, %o) = @_;
    my %set  = cookies($answer);
    my %jar  = map { $_ => $set{$_}{value} } grep { $set{$_} && length $set{$_}{value} } qw(refresh_token csrf_token);
    my $csrf = exists $o{csrf} ? $o{csrf} : $jar{csrf_token};
    AuthPlatform::Httpd::note_secrets($jar{refresh_token});
    @jar{ keys %{ $o{jar} || {} } } = values %{ $o{jar} || {} };
    return { Cookie => join('; ', map {"$_=$jar{$_}"} grep { defined $jar{$_} } sort keys %jar), (defined $csrf ? ('X-CSRF-Token' => $csrf) : ()), %{ $o{more} || {} } };
}

sub claims_of { my ($token) = @_; return JSON->new->decode(decode_base64url((split /\./, $token)[1])) }
sub bearer_status { my ($token) = @_; return $httpd->get('/auth/me', bearer => $token)->{status} }

# --- sign up ---
my $new = post('/register', { username => 'Ada.L', password => $password, theme => 'dark' });
is($new->{status}, 200, 'register with a username') or diag $new->{body};
is_deeply($new->{json}, { status => 'created', username => 'ada.l' }, 'the answer');
error_is(post('/register', { username => 'aDA.l', password => $password }), 400, 'User already exists', 'user_exists', 'the same username');
$new = post('/register', { email => 'eve@example.org', password => $password, full_name => 'Eve', username => undef });
is($new->{status}, 201, 'register with an address') or diag $new->{body};
like(delete $new->{json}{id}, qr/^[0-9a-f]{24}$/, 'an id');
is_deeply($new->{json}, { email => 'eve@example.org', full_name => 'Eve' }, 'the answer');
error_is(post('/register', { email => 'EVE@example.org', password => $password }), 400, 'User already exists', 'user_exists', 'the same address');
is_deeply(post('/register', { username => 'bob', email => 'bob@example.org', password => $password })->{json}, { status => 'created', username => 'bob' }, 'with both');
error_is(post('/register', { username => 'bobby', email => 'bob@example.org', password => $password }), 400, 'User already exists', 'user_exists', 'an address that is taken');
for my $wrong ('ab', 'a b', 'a@b', 'x' x 151, "\x{e9}lan", '') {
    my $answer = post('/register', { username => $wrong, password => $password });
    is($answer->{status}, 422, 'a wrong username') or diag $wrong;
    is_deeply($answer->{json}{detail}[0]{loc}, ['body', 'username'], '... is named');
}
my $none = post('/register', { password => $password });
is($none->{status}, 422, 'neither username nor address');
is($none->{json}{detail}[0]{type}, 'missing', '... is missing');

# --- sign in ---
my $in = post('/login', { username => 'ADA.L', password => $password });
is($in->{status}, 200, 'login') or diag $in->{body};
is_deeply([sort keys %{ $in->{json} }], ['access_token', 'token_type'], 'the token, and no field more');
my %set = cookies($in);
like($set{refresh_token}{line}, qr{^; Path=/auth; Max-Age=\d+; SameSite=Lax; Secure; HttpOnly$}, 'refresh_token');
like($set{csrf_token}{line}, qr{^; Path=/; Max-Age=\d+; SameSite=Lax; Secure$}, 'csrf_token');
my $claims = claims_of($in->{json}{access_token});
like($set{csrf_token}{value}, qr/^a\.\Q$claims->{sid}\E\.[\w-]{43}$/, '... names the session');
is_deeply([@$claims{qw(prf role username)}], [qw(ai user ada.l)], 'claims');
is($claims->{exp} - $claims->{iat}, 900, '15 minutes');
ok(!grep({/authp_(?:at|rt)/} keys %set), 'no cookie of the platform');
my $me = $httpd->get('/auth/me', bearer => $in->{json}{access_token});
is_deeply($me->{json}, { id => $claims->{sub}, username => 'ada.l', role => 'user' }, 'me');
my $eve = post('/login', { email => 'eve@example.org', password => $password });
$me = $httpd->get('/auth/me', bearer => $eve->{json}{access_token})->{json};
ok(exists $me->{username} && !defined $me->{username}, 'an account with an address has username null');
error_is(post('/login', { username => 'ada.l', password => 'other words' }), 401, 'Invalid credentials', 'invalid_credentials', 'a wrong password');
error_is(post('/login', { username => 'nobody', password => $password }), 401, 'Invalid credentials', 'invalid_credentials', 'nobody');
is(post('/login', { username => 'ada.l', email => 'eve@example.org', password => $password })->{status}, 422, 'not both');
error_is($httpd->get('/auth/me'), 401, 'Invalid authorization', 'token_missing', 'no token');
error_is($httpd->get('/auth/me', bearer => 'x'), 401, 'Invalid authorization', 'token_invalid', 'a bad token');
is($httpd->get('/page.txt', bearer => $in->{json}{access_token})->{status}, 200, 'the token counts at a guarded page');
error_is($httpd->get('/page.txt'), 401, 'Invalid authorization', 'token_missing', '... whose refusals have this shape');
error_is(post('/login', { username => 'ada.l', password => $password }, headers => { Origin => 'https://evil.example' }), 403, 'Requests from this origin are not allowed here.', 'origin_denied', 'login from another origin');
is(post('/login', { username => 'ada.l', password => $password }, headers => { Origin => $origin })->{status}, 200, '... from its own');

# --- forms ---
for my $login ('ADA.L', 'eve%40example.org') {
    my $form = $httpd->request(POST => '/auth/login', form => "grant_type=password&username=$login&password=three+calm+words", headers => browser($in));
    is($form->{status}, 200, "a form: $login") or diag $form->{body};
    ok(!$form->{headers}{'set-cookie'}, '... sets no cookie');
}
is(bearer_status($in->{json}{access_token}), 200, '... and reads none: the session of the cookies goes on');

# --- refresh: first the CSRF pair, then the token ---
my @csrf = ('CSRF verification failed', 'csrf_failed');
error_is(post('/refresh'), 401, @csrf, 'refresh: nothing');
error_is(post('/refresh', undef, headers => browser($in, csrf => undef)), 401, @csrf, 'no header');
error_is(post('/refresh', undef, headers => browser($in, csrf => 'x')), 401, @csrf, 'another header');
error_is(post('/refresh', undef, headers => browser($in, jar => { csrf_token => undef })), 401, @csrf, 'no cookie');
error_is(post('/refresh', undef, headers => browser($in, jar => { csrf_token => undef, refresh_token => undef }, csrf => undef)), 401, @csrf, 'no cookies at all');
error_is(post('/refresh', undef, headers => browser($in, jar => { refresh_token => undef })), 401, 'Invalid refresh token', 'refresh_invalid', 'a good pair, but no token');
error_is(post('/refresh', undef, headers => browser($in, jar => { refresh_token => 'x.y.z' })), 401, 'Invalid refresh token', 'refresh_invalid', '... a malformed one');
error_is(post('/refresh', undef, headers => browser($in, jar => { refresh_token => 'A' x 70 })), 401, 'Refresh token revoked or not found', 'refresh_invalid', '... one that nobody has');
my $foreign = { cookies($eve) }->{csrf_token}{value};
error_is(post('/refresh', undef, headers => browser($in, jar => { csrf_token => $foreign }, csrf => $foreign)), 401, @csrf, 'the pair of another session');
(my $forged = $set{csrf_token}{value}) =~ s/(.)$/$1 eq 'A' ? 'E' : 'A'/e;
error_is(post('/refresh', undef, headers => browser($in, jar => { csrf_token => $forged }, csrf => $forged)), 401, @csrf, 'a forged pair');
error_is(post('/refresh', undef, headers => browser($in, more => { Origin => 'https://evil.example' })), 403, 'Requests from this origin are not allowed here.', 'origin_denied', 'another origin');
my $again = post('/refresh', undef, headers => browser($in));
is($again->{status}, 200, 'refresh without an Origin') or diag $again->{body};
is_deeply([sort keys %{ $again->{json} }], ['access_token', 'token_type'], 'a token, and no field more');
my %next = cookies($again);
isnt($next{refresh_token}{value}, $set{refresh_token}{value}, 'a new refresh token');
ok($next{csrf_token}{value}, '... and a csrf_token');
is(claims_of($again->{json}{access_token})->{prf}, 'ai', 'its token is of this profile');
is(post('/refresh', undef, headers => browser($in, more => { Origin => $origin }))->{status}, 200, 'the old one counts a few seconds longer');
my $third = post('/refresh', undef, headers => browser($again));
is($third->{status}, 200, 'and again');
error_is(post('/refresh', undef, headers => browser($in)), 401, 'Refresh token revoked or not found', 'refresh_reused', 'a token that was used before');
error_is(post('/refresh', undef, headers => browser($third)), 401, 'Refresh token revoked or not found', 'refresh_invalid', '... has ended the session');
error_is($httpd->get('/auth/me', bearer => $third->{json}{access_token}), 401, 'Invalid authorization', 'token_revoked', '... and its access tokens');

# --- by body ---
my $token = { cookies($eve) }->{refresh_token}{value};
my $by_body = post('/refresh', { refresh_token => $token });
is($by_body->{status}, 200, 'refresh by body') or diag $by_body->{body};
is_deeply([sort keys %{ $by_body->{json} }], [qw(access_token refresh_token token_type)], 'both tokens');
ok(!$by_body->{headers}{'set-cookie'}, '... and no cookie');
error_is(post('/refresh', { refresh_token => 'x' }), 401, 'Invalid refresh token', 'refresh_invalid', 'a malformed token');
error_is(post('/refresh', { refresh_token => undef }), 401, @csrf, 'null counts as absent');
is($httpd->request(POST => "/auth/refresh?refresh_token=$by_body->{json}{refresh_token}")->{status}, 401, 'never in a URL');
my $out = post('/logout', { refresh_token => $by_body->{json}{refresh_token} });
is_deeply([$out->{status}, $out->{json}], [200, { status => 'logged_out' }], 'logout by body');
is(bearer_status($by_body->{json}{access_token}), 401, '... at once');
is(post('/logout', { refresh_token => $_ })->{status}, 200, '... of an ended or unknown session') for $by_body->{json}{refresh_token}, 'x';

# --- logout ---
$in = post('/login', { username => 'ada.l', password => $password });
error_is(post('/logout'), 401, @csrf, 'logout: nothing');
error_is(post('/logout', undef, bearer => $in->{json}{access_token}), 401, @csrf, '... only a bearer token');
error_is(post('/logout', undef, headers => browser($in, csrf => undef)), 401, @csrf, '... no header');
error_is(post('/logout', undef, headers => browser($in, more => { Origin => 'null' })), 403, 'Requests from this origin are not allowed here.', 'origin_denied', '... another origin');
error_is(post('/logout', undef, headers => browser($in, jar => { csrf_token => $foreign }, csrf => $foreign)), 401, @csrf, '... the pair of another session');
is(bearer_status($in->{json}{access_token}), 200, '... and nothing has ended');
$out = post('/logout', undef, headers => browser($in));
is_deeply([$out->{status}, $out->{json}], [200, { status => 'logged_out' }], 'logout');
my %cleared = cookies($out);
is_deeply([map { [$cleared{$_}{value}, $cleared{$_}{line} =~ /Max-Age=0;/ ? 1 : 0] } qw(refresh_token csrf_token)], [['', 1], ['', 1]], 'the cookies are cleared');
is(bearer_status($in->{json}{access_token}), 401, 'its access tokens are dead at once');
is($httpd->get('/page.txt', bearer => $in->{json}{access_token})->{status}, 401, '... at the guarded page, too');
is(post('/logout', undef, headers => browser($in))->{status}, 200, 'again: 200 whatever the token');
is(post('/logout', undef, headers => browser($in, jar => { refresh_token => $_ }))->{status}, 200, '... ' . ($_ // 'none')) for undef, 'x', 'B' x 70;
$in = post('/login', { username => 'ada.l', password => $password });
is(post('/logout', undef, headers => browser($in, jar => { refresh_token => undef }))->{status}, 200, 'a good pair without a token');
is(bearer_status($in->{json}{access_token}), 401, '... ends its session');

# --- a device ---
my %laptop = (username => 'ada.l', password => $password, device_id => 'laptop');
my $old   = post('/login', \%laptop)->{json}{access_token};
my $phone = post('/login', { %laptop, device_id => 'phone' })->{json}{access_token};
my $other = post('/login', { username => 'bob', password => $password, device_id => 'laptop' })->{json}{access_token};
my $fresh = post('/login', \%laptop)->{json}{access_token};
is_deeply([map { bearer_status($_) } $old, $phone, $other, $fresh], [401, 200, 200, 200], "a login ends that device's older session of the account");

# --- together with the platform's cookies ---
sub platform_login {
    my (%headers) = @_;
    return $httpd->request(POST => '/api/auth/login', json => { email => 'eve@example.org', password => $password }, headers => { Origin => $origin, %headers });
}
$in = post('/login', { username => 'ada.l', password => $password });
my $platform = platform_login(Cookie => "csrf_token=$forged");
is(bearer_status($in->{json}{access_token}), 200, 'a forged csrf_token ends nothing');
$platform = platform_login(Cookie => 'csrf_token=' . { cookies($in) }->{csrf_token}{value});
is($platform->{status}, 200, 'a sign-in at the platform') or diag $platform->{body};
is(bearer_status($in->{json}{access_token}), 401, '... ends the session that csrf_token names');
my %of_platform = cookies($platform);
my %platform_csrf = (Cookie => "csrf_token=$of_platform{csrf_token}{value}", 'X-CSRF-Token' => $of_platform{csrf_token}{value});
my %left = cookies(post('/logout', undef, headers => \%platform_csrf));
is_deeply([sort keys %left], ['refresh_token'], "a logout here leaves the platform's csrf_token alone");
my $access = $of_platform{'__Host-authp_at'}{value};
is($httpd->get('/auth/me', headers => { Cookie => "__Host-authp_at=$access" })->{status}, 401, 'its cookie is no credential here');
is($httpd->get('/page.txt', headers => { Cookie => "__Host-authp_at=$access" })->{status}, 200, '... but at a guarded page');
my $replacing = post('/login', { username => 'ada.l', password => $password }, headers => { Cookie => "__Host-authp_at=$access; csrf_token=$of_platform{csrf_token}{value}" });
is($replacing->{status}, 200, 'a sign-in here');
is({ cookies($replacing) }->{'__Host-authp_at'}{value}, '', '... clears it');
is($httpd->get('/page.txt', headers => { Cookie => "__Host-authp_at=$access" })->{status}, 401, '... and ends its session');
my $newer = post('/login', { username => 'ada.l', password => $password }, headers => browser($replacing));
is(bearer_status($replacing->{json}{access_token}), 401, 'a sign-in ends the session whose cookies came with it');

# The guard and the platform's routes ignore a csrf_token of this profile.
my $pair = { cookies($newer) }->{csrf_token}{value};
my %visit = ('Sec-Fetch-Mode' => 'navigate');
is($httpd->get('/page.txt', headers => { %visit, Cookie => "csrf_token=$pair" })->{headers}{location}[0], '/in.html?return_to=%2Fpage.txt', 'a browser with this pair goes to the sign-in page');
is($httpd->get('/page.txt', headers => { %visit, Cookie => 'csrf_token=x' })->{headers}{location}[0], '/api/auth/session/renew?return_to=%2Fpage.txt', '... with that of the platform it renews');
my $renew = $httpd->get('/api/auth/session/renew?return_to=/page.txt', headers => { Cookie => "csrf_token=$pair" });
is($renew->{status}, 302, 'session/renew finds no session');
ok(!{ cookies($renew) }->{csrf_token}, '... and leaves this csrf_token alone');
my %rt = (Cookie => "__Secure-authp_rt=$of_platform{'__Secure-authp_rt'}{value}; csrf_token=$pair", 'X-CSRF-Token' => $pair, Origin => $origin);
is($httpd->request(POST => '/api/auth/refresh', headers => \%rt)->{json}{code}, 'csrf_failed', 'it is no CSRF token of the platform');
is(bearer_status($newer->{json}{access_token}), 200, 'the session goes on');

# What an app gets: our csrf_token is removed. A cookie that it calls refresh_token itself stays; ours has the path of the mount.
my $seen = $httpd->get('/page.txt', bearer => $newer->{json}{access_token}, headers => { Cookie => "refresh_token=of-the-app; csrf_token=$pair; a=b" });
is($seen->{headers}{'x-seen'}[0], 'refresh_token=of-the-app; a=b', 'the cookies of an app');
$httpd->stop;
done_testing;
