# SPDX-License-Identifier: Apache-2.0
# What every route of every family mount does, side by side on one host: 404, 405, 413, 415, 429, wrong bodies, HEAD and OPTIONS in the shape of its
# profile, and the document and the page that describe it.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::FamilyMounts;
use AuthPlatform::Httpd;
use JSON ();
use Test::More;

my $httpd = AuthPlatform::Httpd->new(AuthPlatform::FamilyMounts::host())->start;

# What the shape of a profile makes of a code: (text for people, code). The list of wrong fields has the code validation_failed.
sub told {
    my ($family, $answer) = @_;
    my $json = $answer->{json};
    return if ref $json ne 'HASH' || ($answer->{headers}{'content-type'}[0] // '') !~ m{^application/json\b};
    if ($family->{name} eq 'jobpath') {
        return if join(' ', sort keys %$json) ne 'detail error status_code' || $json->{status_code} != $answer->{status};
        return ($json->{detail}{message}, $json->{error});
    }
    if (ref $json->{detail} eq 'ARRAY') {
        return if join(' ', keys %$json) ne 'detail' || grep { join(' ', sort keys %$_) ne 'loc msg type' || $_->{loc}[0] ne 'body' } @{ $json->{detail} };
        return ($json->{detail}[0]{msg}, 'validation_failed');
    }
    return if join(' ', sort keys %$json) ne 'code detail';
    return @$json{qw(detail code)};
}

# A path with values for its braces.
sub filled_in {
    my ($pattern) = @_;
    my %value = (id => 'e' x 24, role => 'provider');
    return $pattern =~ s/\{(\w+)\}/$value{$1}/gr;
}

sub refused {
    my ($family, $answer, $status, $code, $name) = @_;
    my ($text, $said) = told($family, $answer);
    is("$answer->{status} " . ($said // 'in another shape'), "$status $code", $name) or diag $answer->{body};
    ok(length $text, '... with a sentence');
    like($answer->{headers}{'x-request-id'}[0] // '', qr/^[0-9a-f]{24}$/, '... and a request id');
    is(defined $answer->{headers}{'www-authenticate'} ? 1 : 0, $status == 401 ? 1 : 0, '... WWW-Authenticate with 401 only');
    return;
}

for my $family (AuthPlatform::FamilyMounts::all()) {
    my ($mount, $profile) = @$family{qw(mount name)};
    my %methods;    # path => [method]
    my $doc = $httpd->get("$mount/openapi.json")->{json};
    for my $path (keys %{ $doc->{paths} }) {
        like($path, qr{^\Q$mount\E/}, "$profile: $path is a path of this mount");
        push @{ $methods{$path} }, map {uc} keys %{ $doc->{paths}{$path} };
    }
    is(join(' ', map { s/^\Q$mount\E//r } sort keys %methods), join(' ', sort @{ $family->{paths} }), "$profile: every route of the family and nothing else");

    # Such a mount lies where an app lies, too. What is no row is none of its business.
    my @others = ('', '/', '/nothing', '/me/', '/me/x', '/sessions');
    if ($family->{rows_only}) {
        is($httpd->get("$mount$_")->{headers}{'content-type'}[0] // '', 'text/html; charset=iso-8859-1', "$profile: $_ is a path of httpd") for @others;
    }
    else {
        refused($family, $httpd->get("$mount$_"), 404, 'not_found', "$profile: $_") for @others;
    }
    for my $pattern (sort keys %methods) {
        my $path = filled_in($pattern);
        $methods{$path} = delete $methods{$pattern} if $path ne $pattern;
        my @allow = (@{ $methods{$path} }, (grep { $_ eq 'GET' } @{ $methods{$path} }) ? 'HEAD' : (), 'OPTIONS');
        my $none  = $httpd->request(DELETE => $path);
        refused($family, $none, 405, 'method_not_allowed', "DELETE $path");
        is(join(' ', sort split /, /, $none->{headers}{allow}[0] // ''), join(' ', sort @allow), '... with Allow');
        my $options = $httpd->request(OPTIONS => $path);
        is("$options->{status} $options->{body}", '204 ', "OPTIONS $path");
        is($options->{headers}{allow}[0], $none->{headers}{allow}[0], '... with the same Allow');
    }
    $httpd->wait_for(sub { ($httpd->get("$mount/readyz")->{json}{status} // '') eq 'ready' }, 'not ready');
    for my $path (grep { !m{/me$} } grep { $methods{$_}[0] eq 'GET' } sort keys %methods) {
        my ($get, $head) = map { $httpd->request($_ => $path) } qw(GET HEAD);
        is("$head->{status} $head->{body}", "$get->{status} ", "HEAD $path: the same status, and no body");
        is_deeply($head->{headers}{$_}, $get->{headers}{$_}, "... the same $_") for qw(content-type etag cache-control);
    }
    is($httpd->get("$mount/healthz")->{json}{status}, 'ok', 'healthz');

    for my $path (grep { $doc->{paths}{$_}{post} && $doc->{paths}{$_}{post}{requestBody} } sort keys %methods) {
        my $operation = $doc->{paths}{$path}{post};
        my $form      = $operation->{requestBody}{content}{'application/x-www-form-urlencoded'};
        my $wrong     = $family->{wrong};
        my $optional  = !$operation->{requestBody}{required};
        my $post      = sub { return $httpd->request(POST => $path, @_) };
        refused($family, $post->(text => '{}', type => $_), 415, 'unsupported_media_type', "POST $path as $_")
            for 'text/plain', 'application/json5', ($form ? () : 'application/x-www-form-urlencoded');
        refused($family, $post->(text => '{}', headers => { 'Content-Encoding' => 'gzip' }), 415, 'unsupported_media_type', '... compressed');
        refused($family, $post->(text => '{"' . ('x' x 16400) . '":1}'), 413, 'body_too_large', '... over 16 KiB');
        refused($family, $post->(form => 'x=' . ('x' x 16400)), 413, 'body_too_large', '... as a form') if $form;
        refused($family, $post->(text => $_), 400, 'malformed_json', "... $_") for '{', '{"a":1,"a":1}', '{"a":"\ud800"}', "{\"a\":\"\xff\"}", ('[' x 9) . (']' x 9);
        refused($family, $post->(text => $_), $wrong, 'validation_failed', "... $_") for '[]', 'null', '"x"';
        if (!$optional) {
            refused($family, $post->(), 415, 'unsupported_media_type', '... without a body');
            refused($family, $post->(json => { no_such_field => 1 }), $wrong, 'validation_failed', '... without its fields');
            refused($family, $post->(json => { password => "a\0b", email => 'a@example.org' }), $wrong, 'validation_failed', '... with a NUL');
        }
        my $schema = $operation->{responses}{$wrong}{content}{'application/json'};
        ok($schema->{examples}{validation_failed}, '... which is documented');
        is($schema->{schema}{'$ref'}, "#/components/schemas/$family->{wrong_schema}", '... in its shape');
    }
    for my $row (map { my $path = $_; map { [$_, $path] } @{ $methods{$path} } } grep {m{/(?:me|logout|me/.*|delete/.*|profiles/.*)$}} sort keys %methods) {
        my ($method, $path) = @$row;
        next if $profile eq 'ai' && $path =~ /logout/;    # it takes its own cookies
        refused($family, $httpd->request($method => $path), 401, 'token_missing', "$method $path: no token");
        refused($family, $httpd->request($method => $path, bearer => 'a.b.c'), 401, 'token_invalid', '... a bad one');
        refused($family, $httpd->request($method => $path, headers => { Cookie => '__Host-authp_at=a.b.c; csrf_token=x', 'X-CSRF-Token' => 'x' }), 401, 'token_missing', '... a cookie is none');
    }
    # The page asks for the document beside it. Both are kept under a tag.
    is($httpd->get("$mount/docs")->{body}, $httpd->get('/api/auth/docs')->{body}, "$profile: its page is that of every mount");
    for my $path ("$mount/docs", "$mount/openapi.json") {
        my $tag = $httpd->get($path)->{headers}{etag}[0];
        like($tag, qr/^"[0-9a-f]{32}"$/, "$path has an entity tag");
        is($httpd->get($path, headers => { 'If-None-Match' => $tag })->{status}, 304, '... and is not sent to whom has it');
    }
}
my %tags = map { $_->{mount} => $httpd->get("$_->{mount}/openapi.json")->{headers}{etag}[0] } AuthPlatform::FamilyMounts::all();
my %same = reverse %tags;
is(scalar keys %same, scalar keys %tags, 'each mount has a document of its own');
$httpd->hard;
is($httpd->get("$_/openapi.json")->{headers}{etag}[0], $tags{$_}, "$_: the same after a restart") for sort keys %tags;
$httpd->stop;

# 429 with Retry-After, at exactly the routes whose document says so. All mounts count together.
$httpd = AuthPlatform::Httpd->new(AuthPlatform::FamilyMounts::host(), settings => AuthPlatform::FamilyMounts::settings() . "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=2/1h\n")->start;
for my $route ('login', 'refresh') {
    my ($tries, $status) = (0, 0);
    my %body = $route eq 'login' ? (email => 'nobody@example.org', password => 'x') : (refresh_token => 'x');
    $status = $httpd->request(POST => "/auth/$route", json => \%body)->{status} while $status != 429 && $tries++ < 1000;
    is($status, 429, "$route: after $tries no more");
}
for my $family (AuthPlatform::FamilyMounts::all()) {
    my $paths = $httpd->get("$family->{mount}/openapi.json")->{json}{paths};
    my $limited = 0;
    for my $path (sort keys %$paths) {
        my ($method) = keys %{ $paths->{$path} };
        my $said = $paths->{$path}{$method}{responses}{429};
        my $answer = $httpd->request(uc $method, filled_in($path), ($method eq 'post' ? (json => {}) : ()));
        if (!$said) {
            isnt($answer->{status}, 429, "$path is not limited");
            next;
        }
        $limited++;
        refused($family, $answer, 429, 'rate_limited', "$path: too often");
        like($answer->{retry_after} // '', qr/^[1-9]\d*$/, '... with Retry-After');
        ok($said->{headers}{'Retry-After'} && $said->{content}{'application/json'}{examples}{rate_limited}, '... which is documented');
    }
    is($limited, $family->{limited}, "$family->{name}: sign-ins, sign-ups and refreshes are limited");
}
$httpd->stop;
done_testing;
