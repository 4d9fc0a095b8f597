# SPDX-License-Identifier: Apache-2.0
# The page /docs as an answer. t/browser/20_docs.t tests it in a browser.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Digest::SHA 'sha256_base64';
use Test::More;

my $page = api(GET => '/docs');
my $headers = $page->{headers};
is($page->{status}, 200, 'GET /docs');
is($headers->header('Content-Type'), 'text/html; charset=utf-8', 'a page');
is($headers->header('Cache-Control'), 'public, max-age=300', 'that may be kept for a while');
is($headers->header('X-Request-Id') =~ /^[0-9a-f]{24}$/, 1, 'with a request id');
is($headers->header('Set-Cookie'), undef, 'and no cookie');

# The test's site adds a policy to answers without one (Header always setifempty). With two policies, both would be in force.
my @policies = $headers->header('Content-Security-Policy');
is(scalar @policies, 1, 'one policy');
my %policy = map { /^(\S+) (.*)$/ ? ($1 => $2) : () } split /; /, $policies[0];
is($policy{$_}, "'none'", "$_ 'none'") for qw(default-src frame-ancestors base-uri form-action);
is($policy{'connect-src'}, "'self'", 'it may call its own host');
unlike($policies[0], qr/unsafe|\*|http|'self'.*'self'/, 'and nothing else');
for my $tag (qw(script style)) {
    my @texts = $page->{body} =~ m{<$tag>(.*?)</$tag>}gs;
    ok(scalar @texts, "it has a $tag of its own");
    is($policy{"$tag-src"}, join(' ', map { "'sha256-" . sha256_base64($_) . "='" } @texts), 'allowed by its hash');
}
unlike($page->{body}, qr{https?://}, 'it names no other host');
like($page->{body}, qr/<html lang="en">/, 'it says its language');

my $head = api(HEAD => '/docs');
is($head->{status}, 200, 'HEAD');
is($head->{body}, '', 'without a body');
is($head->{headers}->header($_), $headers->header($_), "the same $_") for qw(Content-Type Content-Length Content-Security-Policy Cache-Control);
my $post = api(POST => '/docs', json => {});
problem_is($post, 405, 'method_not_allowed', 'POST');
is($post->{headers}->header('Allow'), 'GET, HEAD, OPTIONS', 'Allow');
problem_is(api(GET => '/docs/'), 404, 'not_found', 'nothing below it');

# On a host that guards everything and has its mount elsewhere, the routes of the mount stay open.
my $elsewhere = request(GET => '/accounts/docs', vhost => 'guarded');
is($elsewhere->{status}, 200, 'behind a guarded /');
is($elsewhere->{body}, $page->{body}, 'the same page: it asks for the document beside it');
done_testing;
