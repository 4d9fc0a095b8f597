# SPDX-License-Identifier: Apache-2.0
# openapi.json and /docs are made once and may be cached: ETag, 304, the right document for each host, also over restarts.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use JSON ();
use Test::More;

for my $path ('/openapi.json', '/docs') {
    my $first = api(GET => $path);
    my $tag   = $first->{headers}->header('ETag');
    like($tag, qr/^"[0-9a-f]{32}"$/, "$path has an entity tag");
    my $again = api(GET => $path);
    is($again->{body}, $first->{body}, '... and is the same again');
    is($again->{headers}->header('ETag'), $tag, '... under the same tag');
    my $kept = api(GET => $path, headers => { 'If-None-Match' => $tag });
    is($kept->{status}, 304, '... and not sent to whom has it');
    is($kept->{body}, '', '... without a body');
    is($kept->{headers}->header('ETag'), $tag, '... with the tag');
    is($kept->{headers}->header('Cache-Control'), 'public, max-age=300', '... which may be kept for a while');
    is($kept->{headers}->header('Content-Length'), undef, '... and nothing about a body');
    is(api(GET => $path, headers => { 'If-None-Match' => '"' . '0' x 32 . '"' })->{status}, 200, '... but to whom has another one');
    is(api(HEAD => $path, headers => { 'If-None-Match' => $tag })->{status}, 304, '... the same for HEAD');
}
# Each host has its own document.
my %of = map { $_ => request(GET => ($_ eq 'guarded' ? '/accounts' : '/api/auth') . '/openapi.json', vhost => $_) } qw(cookies guarded);
my $main = api(GET => '/openapi.json');
my %tags = map { $_->{headers}->header('ETag') => 1 } $main, values %of;
is(scalar keys %tags, 3, 'three mounts, three documents');
ok($of{guarded}{json}{paths}{'/accounts/login'}, 'the paths are those of the host');
ok($of{cookies}{json}{paths}{'/api/auth/login'}{post}{responses}{200}{headers}{'Set-Cookie'}, 'and its way of handing out tokens');

# A reload that changes the document changes its ETag. Any other reload leaves it as it is.
my $httpd = AuthPlatform::Httpd->new->start;
my $get = sub { return $httpd->get($_[0]) };
my $before = $get->('/api/auth/openapi.json');
is($before->{status}, 200, 'a server of its own');
for my $how (qw(graceful hard)) {
    $httpd->$how;
    my $after = $get->('/api/auth/openapi.json');
    is($after->{body}, $before->{body}, "after a $how restart: the same document");
    is_deeply($after->{headers}{etag}, $before->{headers}{etag}, '... under the same tag');
}
$httpd->configure(more => "AuthPlatformMount /konto\n");
$httpd->graceful;
my $moved = $get->('/konto/openapi.json');
is($moved->{status}, 200, 'another mount');
ok(JSON->new->decode($moved->{body})->{paths}{'/konto/login'}, '... whose document says so');
isnt("@{ $moved->{headers}{etag} }", "@{ $before->{headers}{etag} }", '... under another tag');
is($get->('/api/auth/openapi.json')->{status}, 404, '... and the old one is gone');
$httpd->stop;
is(join("\n", grep {/\[auth_platform:|exit signal/} $httpd->complaints), '', 'nothing to complain about');
done_testing;
