# SPDX-License-Identifier: Apache-2.0
# Subrequests, internal redirects, .htaccess and HTTP/2: Require is evaluated again each time, with the verified user.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my $htdocs = server_root() . '/htdocs';
sub put {
    my ($name, $text) = @_;
    my ($folder) = $name =~ m{^(.*)/};
    mkdir "$htdocs/$folder" if $folder;
    open my $file, '>', "$htdocs/$name" or die "$name: $!";
    print {$file} $text;
    close $file;
    chmod 0755, "$htdocs/$folder" if $folder;
    chmod 0644, "$htdocs/$name";
}
put('ssi.shtml', "<!--#include virtual=\"/admin/index.html\" -->|<!--#include virtual=\"/optional/whoami\" -->\n");
put('guarded/.htaccess', "AuthType Platform\nAuthName \"ht\"\nRequire role candidate\nDirectoryIndex start.html\n");
put('guarded/start.html', "inside\n");

expect_log(qr{unable to include "/admin/index.html"});

my $p     = person();
my $admin = admin();

is(request(GET => '/files/guarded/')->{status}, 401, '.htaccess guards a folder');
is(request(GET => '/files/guarded/', bearer($p))->{body}, "inside\n", 'DirectoryIndex inside works');
is(request(GET => '/files/guarded/', bearer($admin))->{status}, 403, 'and refuses the wrong role');

my $out = request(GET => '/files/ssi.shtml', bearer($p));
is($out->{status}, 200, 'a public page that includes a guarded one');
unlike($out->{body}, qr/admin area|administrat/i, 'shows nothing of it to a candidate');
unlike($out->{body}, qr/token_|"code"/, 'nor the refusal document as if it were the page');

# The headers of such a page are sent before a part is included. So its Cache-Control depends on whether the request has a token.
put('cached-ssi.shtml', "page: <!--#include virtual=\"/any/\" -->\n");
put('cached-page.html', "no include\n");
expect_log(qr{unable to include "/any/"});
my $shown = request(GET => '/files/cached-ssi.shtml', bearer($p));
is($shown->{status}, 200, 'a public page that includes one for everybody who is signed in');
is($shown->{headers}{'cache-control'}, 'private, no-cache', '... is kept out of shared caches for those who have a token');
like($shown->{headers}{vary} // '', qr/Authorization, ?Cookie/, '... and depends on it');
is(request(GET => '/files/cached-ssi.shtml')->{headers}{'cache-control'}, 'public, max-age=3600', '... not for others');
is(request(GET => '/files/cached-page.html', bearer($p))->{headers}{'cache-control'}, 'public, max-age=3600', '... and no other open page is');

# The same over HTTP/2 without TLS.
my $curl = sub {
    my (@args) = @_;
    open my $pipe, '-|', 'curl', '-s', '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{http_version} %{http_code} %{content_type}', @args
        or die "curl: $!";
    local $/;
    return scalar <$pipe>;
};
my $base = origin();
is($curl->("$base/any/"), '2 401 application/problem+json', 'HTTP/2, signed out');
like($curl->('-H', "Authorization: Bearer $p->{access_token}", "$base/any/"), qr{^2 200 text/html}, 'HTTP/2, signed in');
for my $n (1 .. 6) {
    my $big = 'x' x (3000 * $n);
    is($curl->('-H', 'Content-Type: text/plain', '--data', $big, "$base/api/auth/login"), '2 415 application/problem+json',
        "an error before a body of 3000 x $n is read arrives");
}
done_testing;
