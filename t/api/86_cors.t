# SPDX-License-Identifier: Apache-2.0
# Scripts of other origins: exact origins, credentials only where cookies are used, preflight, Vary; and settings that stop the server from
# starting.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use Test::More;

my $app = 'https://app.example.org';    # BACKEND_CORS_ORIGINS of the server under test

# Returns the CORS headers of an answer: {allow, credentials, methods, headers, age, expose, vary}.
sub cors {
    my ($answer) = @_;
    my $h = $answer->{headers};
    my %of = (allow => 'Origin', credentials => 'Credentials', methods => 'Methods', headers => 'Headers');
    return { (map { $_ => scalar $h->header("Access-Control-Allow-$of{$_}") } keys %of), age => scalar $h->header('Access-Control-Max-Age'),
        expose => scalar $h->header('Access-Control-Expose-Headers'), vary => join(',', $h->header('Vary')) };
}
sub preflight {
    my ($path, $origin, %o) = @_;
    return request(OPTIONS => $path, %o, headers => { Origin => $origin, 'Access-Control-Request-Method' => 'POST',
            'Access-Control-Request-Headers' => 'content-type,x-csrf-token' });
}

# Which origins are allowed: [origin, allowed?]. Only exact origins are.
my $self = origin();
my @origins = (
    [$app, 1], [$self, 1],
    ['http://app.example.org', 0], ['https://app.example.org:8443', 0], ['https://app.example.org.evil.example', 0], ['https://evil.example', 0],
    ['https://xapp.example.org', 0], ['https://sub.app.example.org', 0], ['https://app.example.org/', 0], ['https://app.example.org/x', 0],
    ['https://user@app.example.org', 0], ['null', 0], ['*', 0], ['https://app.example.org https://evil.example', 0], ['', 0], ['app.example.org', 0],
);
for my $case (@origins) {
    my ($origin, $allowed) = @$case;
    my $name = length $origin ? $origin : 'an empty origin';
    my $pre  = preflight(AUTH . '/login', $origin);
    my $c    = cors($pre);
    my $here = cors(api(GET => '/healthz', headers => { Origin => $origin }));
    my $fail = cors(api(GET => '/me', headers => { Origin => $origin }));
    like($_->{vary}, qr/\bOrigin\b/, "$name: Vary") for $c, $here, $fail;
    if ($allowed) {
        is($pre->{status}, 204, "$name: preflight");
        is($_->{allow}, $origin, "$name: allowed, by its own name") for $c, $here, $fail;
        is($_->{credentials}, 'true', "$name: with credentials, for here cookies may be asked for") for $c, $here, $fail;
        is($c->{methods}, 'POST, OPTIONS', "$name: the methods of the path");
        like($c->{headers}, qr/\b$_\b/i, "$name: header $_") for qw(Authorization Content-Type X-CSRF-Token X-Token-Delivery);
        like($c->{age}, qr/^\d+$/, "$name: for a while");
        like($here->{expose}, qr/\b$_\b/, "$name: a script may read $_") for qw(X-Request-Id Retry-After WWW-Authenticate);
    }
    else {
        problem_is($pre, 403, 'origin_denied', "$name: no preflight");
        is($_->{allow}, undef, "$name: not allowed") for $c, $here, $fail;
        is($_->{credentials}, undef, "$name: no credentials") for $c, $here, $fail;
    }
}

# The allowed methods of each path; none for a path without a route.
for my $case (['/me', 'GET, HEAD, PATCH, DELETE, OPTIONS'], ['/users/' . 'f' x 24, 'GET, HEAD, PATCH, DELETE, OPTIONS'], ['/session/renew', 'GET, OPTIONS'],
    ['/recruiter/invites', 'POST, GET, HEAD, OPTIONS'])
{
    my ($path, $methods) = @$case;
    my $answer = preflight(AUTH . $path, $app);
    is_deeply([sort split /, /, cors($answer)->{methods}], [sort split /, /, $methods], "$path: methods");
    is($answer->{body}, '', "$path: no body");
}
problem_is(preflight(AUTH . '/nothing', $app), 404, 'not_found', 'a path that is none');
my $plain = api(OPTIONS => '/login');
is($plain->{status}, 204, 'OPTIONS without an origin is no preflight');
is($plain->{headers}->header('Allow'), 'POST, OPTIONS', 'but says what there is');
is(cors($plain)->{methods}, undef, 'and allows nothing');

# A preflight reads no body, needs no token and changes nothing.
my $p = person();
is(preflight(AUTH . '/logout', $app)->{status}, 204, 'preflight of /logout');
is(api(GET => '/me', bearer($p))->{status}, 200, 'ends nothing');
is(cors(api(GET => '/me', bearer($p), headers => { Origin => $app }))->{allow}, $app, 'what is asked then is for that origin');
is(cors(api(GET => '/me', bearer($p), headers => { Origin => 'https://evil.example' }))->{allow}, undef, 'for another one it is not readable');
is(cors(api(GET => '/me', bearer($p)))->{allow}, undef, 'without an origin nothing is said');

# Access-Control-Allow-Credentials is for cookies. A host that sets no cookies does not send it.
my $json_only = request(OPTIONS => '/accounts/login', vhost => 'guarded', headers => { Origin => $app, 'Access-Control-Request-Method' => 'POST' });
is($json_only->{status}, 204, 'AuthPlatformTokenDelivery json');
is(cors($json_only)->{allow}, $app, 'the origin');
is(cors($json_only)->{credentials}, undef, 'but no credentials');
is(cors(preflight(AUTH . '/login', $app, vhost => 'cookies'))->{credentials}, 'true', 'AuthPlatformTokenDelivery cookie: credentials');

# FRONTEND_URL is an allowed origin. Behind a proxy that speaks TLS the scheme of ServerName makes the host's own origin.
{
    my $httpd = AuthPlatform::Httpd->new(settings => "FRONTEND_URL=https://WWW.example.org:443/jobs/\nBACKEND_CORS_ORIGINS=https://a.example, http://b.example:8080\n")->start;
    my $base  = "http://127.0.0.1:$httpd->{port}/api/auth/healthz";
    is(cors(request(GET => $base, headers => { Origin => $_ }))->{allow}, $_, "$_ is allowed") for 'https://www.example.org', 'https://a.example', 'http://b.example:8080';
    is(cors(request(GET => $base, headers => { Origin => $_ }))->{allow}, undef, "$_ is not") for 'http://www.example.org', 'http://a.example', 'http://b.example', $app;
    $httpd->stop;
}

# A value that would allow every origin stops the start. One line names the setting, and `httpd -t` reports it too.
for my $value ('*', '["*"]', '["https://app.example.org","*"]', 'https://*.example.org', '["null"]', 'null', 'https://app.example.org/*', 'https://') {
    my $httpd = AuthPlatform::Httpd->new(settings => "BACKEND_CORS_ORIGINS=$value\n");
    my $said  = qx{$ENV{AUTHP_HTTPD} -t -d $httpd->{dir} -f $httpd->{dir}/httpd.conf 2>&1};
    isnt($? >> 8, 0, "BACKEND_CORS_ORIGINS=$value does not start");
    my @lines = grep { /BACKEND_CORS_ORIGINS/ } split /\n/, $said;
    is(scalar @lines, 1, 'one line names it') or diag $said;
    like($lines[0] // '', qr/\Q$httpd->{dir}\E\/\.env.*origins such as/, 'the file, and what is right');
}
for my $value ('*', 'https://*') {
    my $httpd = AuthPlatform::Httpd->new(settings => "FRONTEND_URL=$value\n");
    my $said  = qx{$ENV{AUTHP_HTTPD} -t -d $httpd->{dir} -f $httpd->{dir}/httpd.conf 2>&1};
    isnt($? >> 8, 0, "FRONTEND_URL=$value does not start");
    like($said, qr/FRONTEND_URL/, 'and is named');
}
done_testing;
