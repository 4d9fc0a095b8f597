# SPDX-License-Identifier: Apache-2.0
# The OpenAPI document is checked with the specification's own schema (see build/wheel-file.sh), and compared with the server's answers.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::FamilyMounts;
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use JSON ();
use Test::More;

my $answer = api(GET => '/openapi.json');
is($answer->{status}, 200, 'GET /openapi.json');
is($answer->{headers}->content_type, 'application/json', 'media type');
my $doc = $answer->{json};
like($doc->{openapi}, qr/^3\.1\./, 'OpenAPI 3.1');

my $schema = $ENV{AUTHP_OAS_SCHEMA} or die "AUTHP_OAS_SCHEMA is not set; run through `make test`";

# Checks a document against the schema of the specification, and each example against its schema. An example may have only the members that its
# schema names. There are at least `least` of them.
sub valid {
    my ($name, $text, $least) = @_;
    my $file = server_root() . "/logs/openapi-$name.json";
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} $text;
    close $out;
    my $said = qx{/usr/bin/python3 - "$schema" "$file" 2>&1 <<'PY'
import json, sys, jsonschema
schema, doc = (json.load(open(f)) for f in sys.argv[1:3])
validator = jsonschema.Draft202012Validator(schema)
errors = [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(doc)]
# What must be refused is: a schema that lets everything pass would prove nothing.
assert any(validator.iter_errors({"openapi": "3.1.0"})), "the schema refuses nothing"
print(" ; ".join(errors) or "valid")
PY
};
    is($said, "valid\n", "$name: valid against the schema of the specification");
    my $examples = qx{/usr/bin/python3 "$FindBin::Bin/examples.py" "$file" $least 2>&1};
    is($examples, "valid\n", "$name: every body and answer has examples that are valid");
    my %token = map { $_->{value}{access_token} ? ($_->{value}{access_token} => 1) : () } grep { ref $_->{value} eq 'HASH' } values %{ JSON->new->decode($text)->{components}{examples} };
    is_deeply([keys %token], ['example.access.token'], "$name: no example looks like a real token");
    return;
}
valid('platform', $answer->{body}, 201);
my %tags = map { $_->{name} => 1 } @{ $doc->{tags} };

my $table = "$FindBin::Bin/contract/routes.pl";
my @rows = do $table or die $@ || "$table: $!";
my $full_name = sub { my ($method, $path) = split / /, shift; return "$method " . ($path =~ m{^/api/} ? $path : "/api/auth$path") };
my @routes = map { $full_name->($_->{route}) } @rows;
# Paths may be relative to a servers entry or absolute.
my $base = $doc->{servers}[0]{url} // '';
my %documented;
for my $path (keys %{ $doc->{paths} }) {
    for my $method (grep { /^(get|post|put|patch|delete)$/ } keys %{ $doc->{paths}{$path} }) {
        (my $full = (($doc->{paths}{$path}{servers} || $doc->{servers})->[0]{url} // '') . $path) =~ s{^https?://[^/]+}{};
        $full =~ s{//+}{/}g;
        $documented{ uc($method) . " $full" } = $doc->{paths}{$path}{$method};
    }
}
is_deeply([sort keys %documented], [sort @routes], 'every route and nothing else');
for my $name (sort keys %documented) {
    my $operation = $documented{$name};
    ok(length $operation->{summary}, "$name has a summary");
    ok($tags{ $operation->{tags}[0] // '' }, "$name is in a group");
    ok(scalar(grep { /^[23]/ } keys %{ $operation->{responses} }), "$name has its success");
    my ($method, $path) = split / /, $name;
    $path =~ s/\{id\}/'0' x 24/e;
    $path =~ s/\{provider\}/google/;
    my $none = request($method => $path);
    ok($operation->{responses}{ $none->{status} }, "$name: the status $none->{status} it gives is documented");
}
# The messages of the answers differ, so each has an example of its own. A route that may say "mail_unavailable" mails in the client's language.
my @of_logout = grep { my $of = $_; grep { $_->{content}{'application/json'}{examples}{logged_out} } values %{ $documented{$of}{responses} } } sort keys %documented;
is_deeply(\@of_logout, ['POST /api/auth/logout'], 'only a sign-out has the example of a sign-out');
for my $name (grep { $documented{$_}{responses}{503}{content}{'application/problem+json'}{examples}{mail_unavailable} } sort keys %documented) {
    ok(scalar(grep { $_->{name} eq 'Accept-Language' } @{ $documented{$name}{parameters} }), "$name: its mail is in the language of Accept-Language");
}
# Exactly the routes with a limit document 429 with its Retry-After.
my %limited = map { $full_name->($_->{route}) => 1 } grep { $_->{limited} } @rows;
for my $name (sort keys %documented) {
    my $answer = $documented{$name}{responses}{429};
    is(!!$answer, !!$limited{$name}, "$name " . ($limited{$name} ? 'may answer' : 'never answers') . ' 429');
    next if !$answer;
    ok($answer->{headers}{'Retry-After'}, '... with Retry-After');
    ok($answer->{content}{'application/problem+json'}{examples}{rate_limited}, '... as rate_limited');
}

# The family mounts: their documents are valid too, and say what such a mount does. 19_families.t compares them with the answers.
my $httpd = AuthPlatform::Httpd->new(AuthPlatform::FamilyMounts::host())->start;
for my $family (AuthPlatform::FamilyMounts::all()) {
    my ($profile, $mount) = @$family{qw(name mount)};
    my $got = $httpd->get("$mount/openapi.json");
    valid($profile, $got->{body}, 40);
    my $document = $got->{json};
    my @schemes  = $profile eq 'ai' ? qw(bearer csrfToken refreshCookie) : 'bearer';
    is_deeply([sort keys %{ $document->{components}{securitySchemes} }], \@schemes, "$profile: its ways to authenticate");
    my ($in, $me) = ($family->{login} || '/login', $family->{me} || '/me');
    my $login = $document->{paths}{"$mount$in"}{post};
    my @types = ('application/json', $profile eq 'phone' ? () : 'application/x-www-form-urlencoded');
    is_deeply([sort keys %{ $login->{requestBody}{content} }], \@types, "... its sign-in takes @types");
    is_deeply($login->{security}, [], '... from everybody');
    ok($login->{responses}{200}{headers}{'Set-Cookie'}, '... and may set cookies');
    is_deeply($document->{paths}{"$mount$me"}{get}{security}, [{ bearer => [] }], '... its token is a bearer token');
    ok($document->{paths}{"$mount$me"}{get}{responses}{401}{headers}{'WWW-Authenticate'}, '... a 401 says so');
    my $wrong = $document->{components}{examples}{validation_failed}{value};
    is(ref($profile eq 'jobpath' ? $wrong->{detail}{errors} : $wrong->{detail}), 'ARRAY', '... wrong fields are a list');
    next if $profile ne 'ai';
    is_deeply($document->{paths}{"$mount/$_"}{post}{security}, [{ refreshCookie => [], csrfToken => [] }, {}], "... its cookies count at $_") for qw(refresh logout);
    is($document->{components}{securitySchemes}{refreshCookie}{name}, 'refresh_token', '... by their name');
}
$httpd->stop;
done_testing;
