# SPDX-License-Identifier: Apache-2.0
# The pages to which links in mails lead, as answers. t/browser/59_mail_pages.t tests them in a browser.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Digest::SHA 'sha256_base64';
use Test::More;

for my $path ('/verify-email', '/reset-password') {
    my $page    = api(GET => $path);
    my $headers = $page->{headers};
    is($page->{status}, 200, "GET $path");
    is($headers->header('Content-Type'), 'text/html; charset=utf-8', 'a page');
    is_deeply([$headers->header('Cache-Control')], ['no-store'], 'that nobody keeps');
    is_deeply([$headers->header('Referrer-Policy')], ['no-referrer'], 'that tells no other page where its reader was');
    is_deeply([$headers->header('X-Content-Type-Options')], ['nosniff'], 'whose type is not guessed');
    is($headers->header('Set-Cookie'), undef, 'without a cookie');

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

    my $head = api(HEAD => $path);
    is("$head->{status} $head->{body}", '200 ', 'HEAD without a body');
    my $post = api(POST => $path, json => {});
    problem_is($post, 405, 'method_not_allowed', 'POST');
    is($post->{headers}->header('Allow'), 'GET, HEAD, OPTIONS', 'Allow');

    # On a host that guards everything and has its mount elsewhere, the pages stay open: their readers are often signed out.
    my $elsewhere = request(GET => "/accounts$path", vhost => 'guarded');
    is($elsewhere->{status}, 200, 'behind a guarded /');
    is(($elsewhere->{body} =~ s/data-sign-in="[^"]*"//r), ($page->{body} =~ s/data-sign-in="[^"]*"//r), 'the same page, but for the sign-in page of the host');
}
done_testing;
