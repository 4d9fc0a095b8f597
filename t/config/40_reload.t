# SPDX-License-Identifier: Apache-2.0
# Directives through graceful reloads: a changed value takes effect, and a removed line restores the default. Also directives in .htaccess
# beside an outer section with another value.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use Test::More;
use Time::HiRes qw(sleep time);

my $person = { email => 'ada@example.org', password => 'three calm words' };
my $httpd  = AuthPlatform::Httpd->new(limits => "AccessFileName .htaccess\n");
my $site   = "$httpd->{dir}/site";

# What a CGI program would get, as headers of the answer.
my $frame = <<"END";
<Directory "$site">
    AllowOverride AuthConfig
    Require all granted
</Directory>
Header always set X-Seen "expr=%{REMOTE_USER} %{HTTP:Authorization}"
<Location "/open">
    Require all granted
</Location>
END
mkdir "$site/$_" for qw(open ht ht/inner);
AuthPlatform::Httpd::write_file("$site/$_/page.txt", "here\n") for qw(open ht ht/inner);
AuthPlatform::Httpd::write_file("$site/ht/.htaccess",       "AuthType Platform\nAuthName \"t\"\nRequire valid-user\n");
AuthPlatform::Httpd::write_file("$site/ht/inner/.htaccess", '');

my $token;
my %nav = (headers => { 'Sec-Fetch-Mode' => 'navigate' });
sub seen { my ($path, %o) = @_; my $answer = $httpd->get($path, %o); return "$answer->{status} " . ($answer->{headers}{'x-seen'}[0] // '') }

# How the effect of each directive is read, as text.
my %look = (
    mount    => sub { return join ' ', map { $httpd->get("$_/healthz")->{status} } qw(/api/auth /m) },
    me       => sub { return join ' ', map { $httpd->get($_)->{status} } qw(/api/protected/me /who) },
    delivery => sub {
        my $answer = $httpd->api('/login', $person, headers => { 'Sec-Fetch-Site' => 'same-origin' });
        return join ' ', $answer->{status}, exists $answer->{json}{refresh_token} ? 'json' : 'cookie';
    },
    page     => sub { return $httpd->get('/page.txt', %nav)->{headers}{location}[0] // 'none' },
    optional => sub { return $httpd->get('/open/page.txt', bearer => 'a.b.c')->{status} },
    forward  => sub { return seen('/page.txt', bearer => $token) =~ /Bearer/ ? 'forwarded' : 'removed' },
);
my @rows = (    # directive, how its effect is read, its default, [value, its effect] ...
    ['AuthPlatformMount',         'mount',    '200 404',  ['/m', '404 200'], ['off', '404 404'], ['/api/auth', '200 404']],
    ['AuthPlatformMe',            'me',       '401 404',  ['/who', '404 401'], ['off', '404 404']],
    ['AuthPlatformTokenDelivery', 'delivery', '200 json', ['cookie', '200 cookie'], ['ask', '200 json'], ['json', '200 json']],
    ['AuthPlatformSignInPage',    'page',     'none',     ['/in', '/in?return_to=%2Fpage.txt'], ['/other only', '/other?return_to=%2Fpage.txt'], ['off', 'none']],
    ['AuthPlatformOptional',      'optional', '200',      ['on', '401'], ['off', '200']],
    ['AuthPlatformForwardAuthorization', 'forward', 'removed', ['on', 'forwarded'], ['off', 'removed']],
);

# Children of the old generation may answer for a moment. So this waits until the effect is seen, and then checks again.
sub becomes {
    my ($look, $wanted, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $end = time + 10;
    sleep 0.05 while $look->() ne $wanted && time < $end;
    return is($look->(), $wanted, $name);
}

$httpd->configure(more => $frame)->start;
my $new = $httpd->api('/register', $person)->{json};
$token = $new->{access_token};
my %plain = map { $_->[1] => $_->[2] } @rows;
becomes($look{$_}, $plain{$_}, "$_ without any line") for sort keys %plain;

# All directives change together, value by value, so that few reloads are needed. Each effect is different, so one directive cannot stand in
# for another.
for my $round (0 .. 2) {
    my @lines = map { $_->[3 + $round] ? "$_->[0] $_->[3 + $round][0]\n" : () } @rows;
    # The other effects can only be seen while the account routes are there.
    for my $part ([grep {/Mount/} @lines], [grep { !/Mount/ } @lines]) {
        @$part or next;
        $httpd->configure(more => $frame . join '', @$part)->graceful;
        for my $row (@rows) {
            my ($line) = grep {/^\Q$row->[0]\E /} @$part;
            next if !$line && "@$part" =~ /Mount/;
            becomes($look{ $row->[1] }, $line ? $row->[3 + $round][1] : $row->[2], $line ? "after a reload: $line" =~ s/\n//r : "after a reload without $row->[0]");
        }
    }
}
$httpd->configure(more => $frame)->graceful;
becomes($look{$_}, $plain{$_}, "$_ when all lines are gone") for sort keys %plain;
is($httpd->get('/page.txt', bearer => $token)->{status}, 200, 'the token of the beginning is good');

# .htaccess: changes take effect at the next request, also in a folder inside of one with its own .htaccess.
my ($inner, $outer) = ('/ht/inner/page.txt', '/ht/page.txt');
sub htaccess { my ($text) = @_; return AuthPlatform::Httpd::write_file("$site/ht/inner/.htaccess", $text) }
for my $case (    # text of the file, expected answer
    ['', qr/^200 [0-9a-f]{24} ?$/],
    ["AuthPlatformForwardAuthorization on\n", qr/^200 [0-9a-f]{24} Bearer /],
    ["AuthPlatformForwardAuthorization off\n", qr/^200 [0-9a-f]{24} ?$/],
    ["AuthPlatformRemoteUser email\n", qr/^200 [0-9a-f]{24} ?$/],
    ["AuthPlatformWhenUnavailable allow-valid\n", qr/^200 /],
    ["AuthPlatformAdminPassesRoles on\nRequire role recruiter\n", qr/^403/],
    ["AuthPlatformOptional on\nAuthType None\nRequire all granted\n", qr/^200 [0-9a-f]{24} ?$/],
    ["Require role candidate\n", qr/^200 /],
    ["AuthPlatformMount /x\n", qr/^500/],
    ["AuthPlatformTokenDelivery json\n", qr/^500/],
    )
{
    my ($text, $says) = @$case;
    htaccess($text);
    my $name = '.htaccess with ' . ($text =~ s/\n/ | /gr || 'nothing');
    like(seen($inner, bearer => $token), $says, $name);
    like(seen($outer, bearer => $token), qr/^200 [0-9a-f]{24} ?$/, '... and the folder above as before');
}
htaccess("AuthPlatformSignInPage /here\n");
is($httpd->get($inner, %nav)->{headers}{location}[0], '/here?return_to=%2Fht%2Finner%2Fpage.txt', '.htaccess with a sign-in page');
is($httpd->get($outer, %nav)->{status}, 401, '... for its own folder alone');
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion/, 'no crash');
done_testing;
