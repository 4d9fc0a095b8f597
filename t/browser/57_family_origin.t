# SPDX-License-Identifier: Apache-2.0
# The front end of another back end on an origin of its own, in a real browser: all its requests carry cookies, as axios does withCredentials,
# the app behind the guard answers for CORS itself, and the front end reads why it was refused.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Httpd;
use AuthPlatform::Ports 'free_port';
use JSON ();
use Test::More;

my ($port, $front) = (free_port(), free_port());
my ($site, $origin) = map {"http://127.0.0.1:$_"} $port, $front;
# The headers of the app's own CORS. httpd sets them where it serves the app's answers, not where the guard refuses.
my $cors = join '', map {"Header set Access-Control-Allow-$_\n"} qq{Origin "$origin"}, 'Credentials true', 'Headers "authorization, content-type"';
my $guard = "AuthType Platform\nAuthName t\n<RequireAny>\nRequire method OPTIONS\nRequire role user\n</RequireAny>\n$cors";
my $httpd = AuthPlatform::Httpd->new(
    port     => $port, role => 'user',
    settings => qq{SECURE_COOKIES=false\nROLES=user,admin\nCORS_ORIGINS=["$origin"]\n},
    more => "AuthPlatformMount /auth ai\nAuthPlatformMount /jobs/auth jobpath\n<Location /page.txt>\n${guard}AuthPlatformErrorShape ai\n</Location>\n"
        . "<Location /plain>\n$guard</Location>\nListen 127.0.0.1:$front\n<VirtualHost 127.0.0.1:$front>\nServerName 127.0.0.1:$front\nAuthPlatformMount off\n"
        . "<Files front.html>\nForceType text/html\n</Files>\n</VirtualHost>\n");
AuthPlatform::Httpd::write_file("$httpd->{dir}/site/front.html", "<!doctype html><title>front end</title>\n");
$httpd->start;

my $browser = AuthPlatform::Browser->new;
$browser->go("$origin/front.html");
$browser->run(<<'END', $site);
window.call = (method, path, body, headers) => {
    window.got = null;
    fetch(arguments[0] + path, { method, credentials: 'include', headers: { 'Content-Type': 'application/json', ...headers }, body: body && JSON.stringify(body) })
        .then(async answer => { window.got = { status: answer.status, text: await answer.text() }; }, error => { window.got = { status: 0, text: String(error) }; });
};
END

# Returns (status, text); status 0: the browser keeps the answer from the script.
sub ask {
    my (@call) = @_;
    $browser->run('call(...arguments)', @call);
    my $got = $browser->until('window.got', 60) or die "no answer\n";
    return @$got{qw(status text)};
}

sub is_answer {
    my ($call, $status, $like, $name) = @_;
    my ($got, $text) = ask(@$call);
    is($got, $status, $name) or diag $text;
    return like($text, $like, '... and the script reads it');
}

my %ira = (username => 'ira', password => 'three calm words');
is_answer([POST => '/auth/register', \%ira], 200, qr/"created"/, 'an account, with a preflight before it');
my ($status, $said) = ask(POST => '/auth/login', \%ira);
is($status, 200, 'signing in') or diag $said;
my $token = $status == 200 ? JSON->new->decode($said)->{access_token} : 'none';
AuthPlatform::Httpd::note_secrets($token);
my @bearer = (undef, { Authorization => "Bearer $token" });
is_answer([GET => '/auth/me', @bearer], 200, qr/"ira"/, 'the account');
is_answer([GET => '/page.txt', @bearer], 200, qr/guarded/, 'the app, after a preflight without a token');
is_answer([GET => '/page.txt'], 401, qr/"token_missing"/, 'a refusal of the guard');

# Cookies belong to the host, whatever the port: the front end sees the one that it has to repeat.
my $csrf = $browser->run('return (/csrf_token=([^;]*)/.exec(document.cookie) || [])[1]') // 'none';
($status, $said) = ask(POST => '/auth/refresh', undef, { 'X-CSRF-Token' => $csrf });
is($status, 200, 'a refresh by cookie') or diag $said;
$csrf = $browser->run('return (/csrf_token=([^;]*)/.exec(document.cookie) || [])[1]') // 'none';
is_answer([POST => '/auth/logout', undef, { 'X-CSRF-Token' => $csrf }], 200, qr/"logged_out"/, 'signing out');
is_answer([GET => '/page.txt', @bearer], 401, qr/"token_revoked"/, 'the app is closed at once');
is_answer([POST => '/jobs/auth/login', { email => 'jo@example.org', password => 'other calm words' }], 401, qr/"invalid_credentials"/, 'a mount without cookies');

# Without AuthPlatformErrorShape the guard says nothing to scripts of other origins, and origins that the settings lack get nothing anywhere.
is((ask(GET => '/plain'))[0], 0, 'a place of the usual shape');
for my $path ('/page.txt', '/auth/me') {
    my $h = $httpd->get($path, headers => { Origin => 'https://evil.example' })->{headers};
    is($h->{"access-control-allow-$_"}, undef, "$path: no $_ for another origin") for qw(origin credentials);
    like(join(',', @{ $h->{vary} }), qr/\bOrigin\b/, '... and caches know that it depends on the origin');
}
done_testing;
