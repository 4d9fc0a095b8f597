# SPDX-License-Identifier: Apache-2.0
# What stays open around the sign-in page of a site that is guarded as a whole. No spelling of a path opens anything else.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test ();
use File::Path ();
use IO::Socket::INET;
use POSIX ();
use Test::More;

# A back end that answers with the path of the request.
my $listen  = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die "listen: $!";
my $backend = fork // die "fork: $!";
if (!$backend) {
    while (my $client = $listen->accept) {
        my ($path) = <$client> =~ /^\S+ (\S+)/;
        while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
        my $body = "asked for $path";
        print {$client} "HTTP/1.1 200 OK\r\nContent-Length: ", length $body, "\r\nConnection: close\r\n\r\n$body";
        close $client;
    }
    POSIX::_exit(0);
}
my $port = $listen->sockport;
close $listen;
END { kill 'TERM', $backend if $backend }

# Each folder below is a site of its own, guarded as a whole, with its own sign-in page.
my %page = (
    plain  => '/plain/signin.html',
    named  => '/named/signin.html /named/static/ /named/favicon.ico',
    only   => '/only/signin.html only',
    folder => '/folder/in/',
    inner  => '/inner/signin.html /inner/static/',
    far    => '/far/signin.html',
    raw    => '/raw/signin.html /raw/static/',
    back   => '/back/in/',
);
my $more = join '', map { qq{<Location "/$_">\nAuthType Platform\nAuthName "t"\nAuthPlatformSignInPage $page{$_}\nRequire valid-user\n</Location>\n} } sort keys %page;
my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
my $httpd = AuthPlatform::Httpd->new;
my $site  = "$httpd->{dir}/site";
$more .= join "\n", (map { qq{LoadModule ${_}_module "$modules/mod_$_.so"} } qw(proxy proxy_http cgid)), qq{ScriptSock "$httpd->{dir}/sock"},
    qq{<Directory "$site">\nAllowOverride AuthConfig\nRequire all granted\n</Directory>}, qq{<Directory "$site/plain/assets">\nOptions +ExecCGI\n</Directory>},
    '<Location "/inner/static/hidden">', 'Require role admin', '</Location>',
    qq{<Directory "$site/inner/static/dir">\nRequire role admin\n</Directory>},
    '<LocationMatch "^/inner/static/m">', 'Require role admin', '</LocationMatch>',
    qq{ProxyPass /far "http://127.0.0.1:$port/far"}, qq{<Location "/raw">\nProxyPass "http://127.0.0.1:$port/raw" nocanon\n</Location>},
    qq{<Location "/back">\nProxyPass "http://127.0.0.1:$port/back" nocanon\n</Location>}, 'AllowEncodedSlashes NoDecode', '';
$httpd->configure(more => $more);

my @files = qw(plain/signin.html plain/secret.css plain/secret.html plain/assets/a.css plain/assets/a.js plain/assets/deep/font.woff2 plain/assets/icon.svg
    plain/assets/list.csv plain/assets/page.html plain/assets/data.json plain/assets/.hidden.css plain/assets/noending plain/assets.css
    plain/Assets/a.css plain/assets/a.css.bak named/signin.html named/static/any.thing named/static/index.html named/favicon.ico named/favicon.ico2 named/assets/a.css named/secret.html
    only/signin.html only/assets/a.css folder/in/index.html folder/in/app.css folder/in/sub/x.png folder/other.css folder/in.css
    inner/signin.html inner/static/a.css inner/static/hidden/a.css inner/static/dir/a.css inner/static/m.css inner/static/access/a.css inner/static/granted/a.css);
for my $file (@files) {
    File::Path::make_path("$site/$file" =~ s{/[^/]*\z}{}r);
    AuthPlatform::Httpd::write_file("$site/$file", "content of $file\n");
}
AuthPlatform::Httpd::write_file("$site/plain/assets/run.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nran'\n");
chmod 0755, "$site/plain/assets/run.cgi";
AuthPlatform::Httpd::write_file("$site/inner/static/access/.htaccess", "Require role admin\n");
AuthPlatform::Httpd::write_file("$site/inner/static/granted/.htaccess", "Require all granted\n");
$httpd->start;

sub open_is {
    my ($path, $says) = @_;
    my $answer = $httpd->get($path);
    return is("$answer->{status} $answer->{body}", "200 $says", "$path is open");
}
sub shut {
    my ($path, %o) = @_;
    my $answer = $httpd->request($o{method} || 'GET', $path);
    like($answer->{status}, qr/^(?:400|401|403|404|405)\z/, ($o{method} || 'GET') . " $path is not") or diag $answer->{body};
    return unlike($answer->{body}, qr/content of|asked for|^ran/, 'and shows nothing');
}

# Without a list of files: the folder assets/ beside the page is open, for the usual types of files of a page.
open_is("/plain/$_", "content of plain/$_\n") for qw(signin.html assets/a.css assets/a.js assets/deep/font.woff2 assets/icon.svg);
is($httpd->request(HEAD => '/plain/assets/a.css')->{status}, 200, 'HEAD too');
shut('/plain/assets/a.css', method => $_) for qw(POST PUT DELETE OPTIONS PROPFIND);
shut($_) for qw(/plain/ /plain/secret.css /plain/secret.html /plain/assets /plain/assets/ /plain/assets/list.csv /plain/assets/page.html
    /plain/assets/data.json /plain/assets/.hidden.css /plain/assets/noending /plain/assets.css /plain/Assets/a.css /plain/ASSETS/a.css /plain/assets/a.css.bak
    /plain/signin.html/x /plain/Signin.html /plain/assets/run.cgi /plain/assets/run.cgi/x.css /plain/assets/a.css/x.css);
is($httpd->get('/plain/assets/none.css')->{status}, 404, 'what is not there is not found');

# Spellings that look like an open path: if httpd reads one as another path, that path is guarded. If httpd reads one as the open path, the
# client must have sent its plain spelling.
my @tricks = ('assets/../secret.css', 'assets/%2e%2e/secret.css', 'assets/.%2e/secret.css', 'assets/..%2fsecret.css', 'assets%2f..%2fsecret.css',
    'assets/%2e%2e%2fsecret.css', 'assets/..%5csecret.css', 'assets/..\\secret.css', 'assets/..;/secret.css', 'assets/;/../secret.css', 'assets/%252e%252e/secret.css',
    'assets/a.css;x/../../secret.css', 'assets/./../secret.css', 'assets/x/../../secret.css', 'assets//../secret.css', 'assets/..//secret.css', 'assets/...//secret.css',
    'assets/%61.css', 'assets/a%2ecss', 'assets/a.css%00.html', 'assets/a.css%0a', 'secret.html?/plain/assets/a.css', 'secret.html;/assets/a.css', 'secret.html%3f/assets/a.css',
    'secret.html#/assets/a.css', '%61ssets/a.css', 'assets%2fa.css');
shut("/plain/$_") for @tricks;
shut("//plain/assets/../secret.css");
shut("/x/../plain/secret.css");

# With a list of files: these are open, and nothing else.
open_is("/named/$_", "content of named/$_\n") for qw(signin.html static/any.thing static/index.html favicon.ico);
shut($_) for qw(/named/assets/a.css /named/secret.html /named/static /named/static/ /named/favicon.ico/ /named/favicon.ico2 /named/static/../secret.html
    /named/static/..%2fsecret.html /named/static/..;/secret.html);
open_is('/only/signin.html', "content of only/signin.html\n");
shut('/only/assets/a.css');

# A sign-in page that is a folder.
open_is("/folder/in/$_", "content of folder/in/$_\n") for qw(index.html app.css sub/x.png);
open_is('/folder/in/', "content of folder/in/index.html\n");
shut($_) for qw(/folder/other.css /folder/in /folder/in.css /folder/in/../other.css);

# A section that guards a part of the open folder takes precedence.
open_is("/inner/static/$_", "content of inner/static/$_\n") for qw(a.css granted/a.css);
shut("/inner/static/$_") for qw(hidden/a.css dir/a.css m.css access/a.css);

# A back end may decode a path in another way than httpd. So it gets no open path in a spelling that could mean another one.
open_is('/far/assets/a.css', 'asked for /far/assets/a.css');
open_is('/raw/static/a.css', 'asked for /raw/static/a.css');
for my $trick (@tricks) {
    shut("/far/$trick");
    shut('/raw/' . $trick =~ s/assets/static/r);
}

# The same for the page itself: a spelling that httpd reads as the page may mean another path to a program that decodes or splits it
# differently.
open_is("/back/$_", "asked for /back/$_") for qw(in/ in/?x=/../y in/app.css);
open_is("http://localhost/back/in/", 'asked for /back/in/');
for my $trick ('in/..%2fadmin%2fx/..', 'in/..%5cadmin%5cx/..', 'in/..\\admin\\x/..', 'admin%3fx=/../in/', 'admin%23/../in/', 'admin;/../in/', '..%2fadmin%2fx/../in/',
    'in/x/..', './in/', '%69n/', 'in//') {
    shut("/back/$trick", method => $_) for qw(GET POST);
}
is($httpd->request(POST => '/back/in/')->{body}, 'asked for /back/in/', 'the page takes any method');
is($httpd->get('http://localhost/plain/signin.html')->{status}, 200, 'a whole URL is the page too');
done_testing;
