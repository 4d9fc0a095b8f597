#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# check-config --online: what is wrong with an identity provider, for each fault of the forging one.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder env_file write_file);
use AuthPlatform::Oidc;
use AuthPlatform::Ports ();
use IO::Socket::INET;
use JSON ();
use Test::More;
use Time::HiRes 'time';

my $forge  = AuthPlatform::Oidc->forge;
my $dir    = folder();
my $number = 0;
my ($id, $secret) = (AuthPlatform::Oidc::CLIENT_ID, AuthPlatform::Oidc::CLIENT_SECRET);

# The settings of one provider. google => has settings of its own.
sub settings {
    my ($name, $issuer, %more) = @_;
    my $prefix = $name eq 'google' ? 'GOOGLE' : 'OIDC_' . uc $name;
    my %all = (ISSUER => $issuer, CLIENT_ID => $id, CLIENT_SECRET => $secret, REDIRECT_URI => callback($name), %more);
    $all{OAUTH_REDIRECT_URI} = delete $all{REDIRECT_URI} if $name eq 'google';
    return map { +"${prefix}_$_" => "'$all{$_}'" } keys %all;
}
sub callback { my ($name) = @_; return 'http://127.0.0.1:9/api/auth' . ($name eq 'google' ? '' : '/oidc') . "/$name/callback" }

# Runs check-config --online --json with these providers: name => [issuer, NAME => VALUE...]. Returns the answer with its document.
sub online {
    my ($providers, @more) = @_;
    my @names = grep { $_ ne 'google' } sort keys %$providers;
    my $file  = env_file(folder(), (@names ? (OIDC_PROVIDERS => join ',', @names) : ()), map { settings($_, @{ $providers->{$_} }) } keys %$providers);
    my $answer = run(['--env-file', $file, 'check-config', '--online', @more]);
    $answer->{json} = json($answer) if grep { $_ eq '--json' } @more;
    unlike("$answer->{out}$answer->{err}", qr/\Q$secret\E/, 'no secret is shown');
    return $answer;
}

# --- a provider that is fine -----------------------------------------------------------------------------------------
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $fine = online({ google => [$google->issuer], corp => [$corp->issuer] });
is($fine->{status}, 0, 'two providers that are fine: status 0') or diag $fine->{err};
is($fine->{err}, '', '... with nothing to complain of');
like($fine->{out}, qr/\AThe settings are well-formed\. The services that they name are contacted now\.\n  source /, '... shows the settings first');
like($fine->{out}, qr/^provider (?:.*\n)+The settings are fine\.\n\z/m, '... and says that they are fine once each provider was asked');
for my $realm ($google, $corp) {
    like($fine->{out}, qr/^provider $realm->{name} \(\Q$realm->{issuer}\E\): discovery document, 3 usable keys; it takes client_id and redirect URI$/m, "... what $realm->{name} showed");
    is_deeply($realm->counts, { '.well-known/openid-configuration' => 1, jwks => 1, authorize => 1 }, '... each asked for once, and for nothing else');
}
my $asked = $google->seen('authorize');
is_deeply([@$asked{qw(client_id redirect_uri response_type scope prompt code_challenge_method)}], [$id, callback('google'), qw(code), 'openid email profile', 'none', 'S256'], 'what the provider is asked');
my $document = online({ google => [$google->issuer] }, '--json')->{json};
ok($document->{ok}, '--json: ok');
is_deeply($document->{providers}, [{ name => 'google', issuer => $google->issuer, errors => [], notes => [], checked => 'discovery document, 3 usable keys; it takes client_id and redirect URI' }], '... with the provider');
$google->plan;
my $offline = run(['--env-file', env_file($dir, settings(google => $google->issuer)), 'check-config', '--json']);
is($offline->{status}, 0, 'without --online');
is_deeply([$google->counts, exists json($offline)->{providers} ? 1 : 0], [{}, 0], '... nothing is contacted');
my $none = online({}, '--json');
is_deeply([$none->{status}, $none->{json}{providers}, $none->{err}], [0, [], "authplatform: note: the settings name no identity provider\n"], 'no provider at all');

# --- faults ----------------------------------------------------------------------------------------------------------
# name, what the one error says (a list: several), the plan
my $DISCOVERY = qr{^its discovery document \(http://127\.0\.0\.1:\d+/\w+/\.well-known/openid-configuration\): };
my $KEYS      = qr{^its keys \(http://127\.0\.0\.1:\d+/\w+/jwks\): };
my @cases = (
    ['another issuer', qr{^its discovery document is of another issuer: http://127\.0\.0\.1:9/other$}, discovery => { members => { issuer => 'http://127.0.0.1:9/other' } }],
    ['no issuer', qr/of another issuer: none$/, discovery => { members => { issuer => undef } }],
    ['a huge issuer', qr/of another issuer: a long text$/, discovery => { members => { issuer => 'x' x 300 } }],
    (map { my $name = $_; ["no $_", qr/^its $name cannot be used: there is none$/, discovery => { members => { $_ => undef } }] } qw(authorization_endpoint token_endpoint jwks_uri)),
    ['plain http to elsewhere', qr{^its token_endpoint cannot be used: http://id\.example/token$}, discovery => { members => { token_endpoint => 'http://id.example/token' } }],
    ['a script and a file', [qr/^its authorization_endpoint cannot be used: javascript:alert\(1\)$/, qr{^its jwks_uri cannot be used: file:///etc/passwd$}],
        discovery => { members => { authorization_endpoint => 'javascript:alert(1)', jwks_uri => 'file:///etc/passwd' } }],
    ['no way to send the secret', qr/^its token endpoint takes a client secret neither by client_secret_basic nor/, discovery => { members => { token_endpoint_auth_methods_supported => ['private_key_jwt'] } }],
    ['no algorithm', qr/^it signs tokens with none of RS256, ES256 and EdDSA$/, discovery => { members => { id_token_signing_alg_values_supported => ['HS256', 'none'] } }],
    ['no code', qr/^it does not answer with a code$/, discovery => { members => { response_types_supported => ['id_token'] } }],
    ['no JSON', qr/ is no discovery document: not a JSON object$/, discovery => { body => '<html>' }],
    ['a list', qr/ is no discovery document/, discovery => { body => '[]' }],
    ['404', qr/${DISCOVERY}status 404$/, discovery => { status => 404 }],
    ['500', qr/${DISCOVERY}status 500$/, discovery => { status => 500 }],
    ['a redirect', qr/${DISCOVERY}a redirect, which is not followed$/, discovery => { redirect => 'http://127.0.0.1:9/' }],
    ['a mebibyte', qr/${DISCOVERY}more than 65536 bytes$/, discovery => { pad => 1 << 20 }],
    ['no answer', qr/${DISCOVERY}no answer: Server returned nothing/, discovery => { close => 'first' }],
    ['half an answer', qr/${DISCOVERY}no answer: /, discovery => { close => 'half', headers => { 'Content-Length' => 5000 } }],
    ['a slow drip', qr/${DISCOVERY}no answer: Time-?out was reached$/i, discovery => { drip => 100 }],
    ['keys: a mebibyte', qr/${KEYS}more than 262144 bytes$/, jwks => { pad => 1 << 20 }],
    ['keys: 101', qr/ is no key set that can be used: /, set => { many => 101 }],
    ['keys: one twice', qr/ is no key set that can be used: /, set => { twice => JSON::true }],
    ['keys: no JSON', qr/ is no key set/, jwks => { body => 'no' }],
    ['keys: none', qr/ has no usable key: RSA of 2048 to 8192 bits, P-256 or Ed25519$/, jwks => { body => '{"keys":[]}' }],
    ['keys: 500', qr/${KEYS}status 500$/, jwks => { status => 500 }],
    ['keys: a redirect', qr/${KEYS}a redirect/, jwks => { redirect => 'http://127.0.0.1:9/' }],
    ['keys: no answer', qr/${KEYS}no answer: /, jwks => { close => 'first' }],
);
my %case = map { (sprintf('p%02d', $number++) => $_) } @cases;
for my $name (keys %case) {
    my (undef, undef, %plan) = @{ $case{$name} };
    $forge->realm($name)->plan(%plan);
}
my @names = sort keys %case;
while (my @some = splice @names, 0, 14) {
    my $began  = time;
    my $answer = online({ map { $_ => [$forge->realm($_)->issuer] } @some }, '--json');
    is($answer->{status}, 1, 'faults: status 1');
    ok(!$answer->{json}{ok}, '... and not ok');
    cmp_ok(time - $began, '<', 10, '... in bounded time');
    my @all;
    for my $provider (@{ $answer->{json}{providers} }) {
        my ($name, $says) = @{ $case{ $provider->{name} } };
        my @says = ref $says eq 'ARRAY' ? @$says : $says;
        is(scalar @{ $provider->{errors} }, scalar @says, "$name: said in a line") or diag explain $provider;
        like($provider->{errors}[$_] // '', $says[$_], "$name: what is wrong") for 0 .. $#says;
        push @all, map {"provider $provider->{name}: $_"} @{ $provider->{errors} };
    }
    is(scalar @{ $answer->{json}{providers} }, scalar @some, '... each provider is told of');
    is_deeply($answer->{json}{errors}, \@all, '... all errors together, with the names of the providers');
    is($answer->{err} =~ s/^authplatform: note: .*\n//mgr, join('', map {"authplatform: $_\n"} @all), '... on standard error the same lines, once, and no other');
}

# A text of a provider cannot control the terminal.
$google->plan(discovery => { members => { issuer => "http://\e[2Jx" } });
my $wrong = online({ google => [$google->issuer] });
is($wrong->{status}, 1, 'a fault, for people: status 1');
unlike("$wrong->{out}$wrong->{err}", qr/settings are fine/, '... and nothing says that the settings are fine');
like($wrong->{err}, qr{^authplatform: provider google: its discovery document is of another issuer: http://\?\[2Jx$}m, 'control characters become ?');

# --- an authorization request ----------------------------------------------------------------------------------------
# Hints are notes, and the status stays 0.
for my $case (
    ['login_required: it wants to show a page', undef, 1, authorize => { error => 'login_required' }],
    ['access_denied', undef, 1, authorize => { error => 'access_denied' }],
    ['unauthorized_client', qr/^it refuses an authorization request: error=unauthorized_client$/, 1, authorize => { error => 'unauthorized_client' }],
    ['an error that is no word', qr/error=\?$/, 1, authorize => { error => "\e[2J" }],
    ['a page with status 404', qr/^it answers an authorization request with status 404 instead of/, 0, sub { (discovery => { members => { authorization_endpoint => $_[0]->issuer . '/nothing' } }) }],
    ['a sign-in page', undef, 0, sub { (discovery => { members => { authorization_endpoint => $_[0]->issuer . '/.well-known/openid-configuration' } }) }],
    ['nobody there', qr/^no answer of http:\/\/127\.0\.0\.1:1 to an authorization request: /, 0, discovery => { members => { authorization_endpoint => 'http://127.0.0.1:1/a' } }],
    )
{
    my ($name, $says, $takes, @plan) = @$case;
    my $realm = $forge->realm('probe' . ++$number);
    @plan = $plan[0]->($realm) if ref $plan[0];
    $realm->plan(@plan);
    my $answer = online({ corp => [$realm->issuer] }, '--json');
    my ($provider) = @{ $answer->{json}{providers} };
    is($answer->{status}, 0, "$name: status 0") or diag $answer->{err};
    is(scalar @{ $provider->{notes} }, defined $says ? 1 : 0, "$name: hints") or diag explain $provider;
    like($provider->{notes}[0], $says, "$name: says which") if defined $says;
    is($answer->{err}, join('', map {"authplatform: note: provider corp: $_\n"} @{ $provider->{notes} }), "$name: as a note");
    is($provider->{checked} =~ /; it takes client_id and redirect URI$/ ? 1 : 0, $takes, "$name: what it proves");
}
my $real = AuthPlatform::Oidc->real([callback('corp')]);
my $known = online({ corp => [$real->issuer] }, '--json')->{json}{providers}[0];
is_deeply([@$known{qw(errors notes)}], [[], []], 'a real provider') or diag explain $known;
like($known->{checked}, qr/^discovery document, 2 usable keys; it takes client_id and redirect URI$/, '... that knows the client');
for my $other ([REDIRECT_URI => 'http://127.0.0.1:8/api/auth/oidc/corp/callback'], [CLIENT_ID => 'somebody else']) {
    my $answer = online({ corp => [$real->issuer, @$other] }, '--json');
    is($answer->{status}, 0, "another $other->[0]: status 0");
    like($answer->{json}{providers}[0]{notes}[0] // '', qr/with status 400 instead of a sign-in page or a redirect: perhaps/, '... with a hint');
}

# --- redirect URIs, other kinds, and what cannot be reached ----------------------------------------------------------
$google->plan;
my $address = online({ google => [$google->issuer, REDIRECT_URI => 'https://192.0.2.7/api/auth/google/callback'] }, '--json');
is_deeply([$address->{status}, $address->{json}{errors}], [1, ['provider google: the host of its redirect URI is an IP address, which Google refuses: use a name']], 'Google and an IP address');
$address = online({ corp => [$corp->issuer, REDIRECT_URI => 'https://[2001:db8::1]:8443/api/auth/oidc/corp/callback'] }, '--json');
is_deeply([$address->{status}, $address->{json}{providers}[0]{notes}[0]], [0, 'the host of its redirect URI is an IP address, which many providers refuse'], '... another provider: a hint');
is_deeply(online({ corp => [$corp->issuer, REDIRECT_URI => "$_/api/auth/oidc/corp/callback"] }, '--json')->{json}{providers}[0]{notes}, [], "$_ is fine")
    for 'http://[::1]:8080', 'https://127.0.0.1', 'https://jobs.example.org', 'http://localhost';
my $path = online({ google => [$google->issuer, REDIRECT_URI => 'https://jobs.example.org/callback'] });
is($path->{status}, 1, 'a wrong path is an error of the settings');
like($path->{err}, qr/GOOGLE_OAUTH_REDIRECT_URI in .*must end in/, '... which says what it must be');
is($path->{out}, '', '... and no provider is asked');

my $github = $forge->realm('github');
my $answer = online({ github => [$github->issuer, KIND => 'github'] }, '--json');
is($answer->{status}, 0, 'GitHub');
is($answer->{json}{providers}[0]{checked}, 'it has no discovery document, so its sign-in page alone was asked; it takes client_id and redirect URI', '... says what was checked');
is_deeply($github->counts, { 'login/oauth/authorize' => 1 }, '... and no more was');

my $port = AuthPlatform::Ports::free_port();
my $down = online({ google => ["http://127.0.0.1:$port"], github => ["http://127.0.0.1:$port/gh", KIND => 'github'], corp => ['https://no-such-host.invalid'] }, '--json');
is($down->{status}, 1, 'what cannot be reached: status 1');
my %told = map { $_->{name} => join '|', @{ $_->{errors} } } @{ $down->{json}{providers} };
like($told{google}, qr{^its discovery document \(http://127\.0\.0\.1:$port/\.well-known/openid-configuration\): no answer: (?:Couldn't|Could not|Failed to) connect to server$}, '... nobody listens');
like($told{github}, qr{^no answer of http://127\.0\.0\.1:$port to an authorization request: \S}, '... at GitHub');
like($told{corp}, qr{no answer: .*resolve}, '... no such host');

# A certificate of another CA, the same with OIDC_CA_FILE, and a file that is none.
my $tls = "$dir/tls";
is(system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout $tls.key -out $tls.crt 2>/dev/null"), 0, 'a certificate');
my $safe = AuthPlatform::Oidc->forge(tls => ["$tls.crt", "$tls.key"]);
my @safe = ($safe->{base} . '/google', REDIRECT_URI => 'https://jobs.example.org/api/auth/google/callback');
my $foreign = online({ google => \@safe });
is($foreign->{status}, 1, 'a certificate of nobody known');
like($foreign->{err}, qr/\Aauthplatform: provider google: its discovery document \(\S+\): no answer: self-signed certificate\n\z/, '... says what is wrong with it');
my $ca = env_file(folder(), settings(google => @safe), OIDC_CA_FILE => "$tls.crt");
is(run(['--env-file', $ca, 'check-config', '--online'])->{status}, 0, '... and with OIDC_CA_FILE it is fine');
my $bad = run(['--env-file', env_file(folder(), settings(google => @safe), OIDC_CA_FILE => write_file("$dir/none.pem", "none\n")), 'check-config', '--online', '--json']);
is($bad->{status}, 1, 'an OIDC_CA_FILE without a certificate');
like($bad->{err}, qr/AUTHP0012: \Q$dir\E\/none\.pem: no certificate in this file\nauthplatform: no identity provider can be asked/, '... says so') or diag $bad->{err};

# What is wrong with the mail server is said after providers were asked, too.
my %mail = (MAIL_URL => 'smtp://127.0.0.1:1', MAIL_FROM => 'us@example.org', PUBLIC_URL => 'https://jobs.example.org', MAIL_CA_FILE => "$dir/none.pem");
my $mute = run(['--env-file', env_file(folder(), settings(google => $google->issuer), %mail), 'check-config', '--online', '--json']);
is_deeply([$mute->{status}, json($mute)->{errors}], [1, ['the mail server cannot be asked, see the line above']], 'a MAIL_CA_FILE without a certificate');
like($mute->{err}, qr/^authplatform: AUTHP\d+: \Q$dir\E\/none\.pem: .*\nauthplatform: the mail server cannot be asked/m, '... says so') or diag $mute->{err};
done_testing;
