# SPDX-License-Identifier: Apache-2.0
# Forged tokens get 401, on a route and on a guarded page. (The unit tests forge tokens with the key. This test forges what an attacker
# without the key, or with one stolen token, could send.)
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Digest::SHA 'hmac_sha256';
use JSON ();
use MIME::Base64 'encode_base64url', 'decode_base64url';
use Test::More;

my $p = person();
my ($head, $payload, $signature) = split /\./, $p->{access_token};
my $json   = JSON->new->utf8->canonical;
my $claims = $json->decode(decode_base64url($payload));
my $header = $json->decode(decode_base64url($head));
is($header->{alg}, 'HS256', 'our header');
is_deeply([sort keys %$claims], [sort qw(iss sub aud iat nbf exp jti sid ver roles email email_verified name auth_time type)], 'our claims');
is($claims->{sub}, $p->{user}{id}, 'sub is the user');
is($claims->{type}, 'access', 'type');
is($claims->{exp} - $claims->{iat}, 900, '15 minutes');

# Signed with the server's own key, which the test knows, and one wrong claim each.
open my $env, '<', $ENV{AUTHP_ENV_FILE} or die "env: $!";
my ($key) = map { /^JWT_SECRET_KEY=(.*)/ ? $1 : () } <$env>;
sub make {
    my ($h, $c, $with) = @_;
    my $text = encode_base64url(ref $h ? $json->encode($h) : $h) . '.' . encode_base64url(ref $c ? $json->encode($c) : $c);
    return "$text." . encode_base64url(hmac_sha256($text, $with // $key));
}
sub bent { my %c = (%$claims, @_); delete $c{$_} for grep { !defined $c{$_} && !/^(?:email|name)$/ } keys %c; return make($header, \%c) }

is(api(GET => '/me', bearer => make($header, $claims))->{status}, 200, 'a token made by the test itself is as good');
is(api(GET => '/me', bearer => make($header, $json->pretty->encode($claims)))->{status}, 200, 'white space and all');
$json->pretty(0);

my $text = $json->encode($claims);
my @forged = (
    (map { ["alg $_", make({ %$header, alg => $_ }, $claims)] } 'none', 'None', 'NONE', 'nOnE', 'HS384', 'HS512', 'RS256', 'ES256', 'hs256', ''),
    (map { ["alg $_, no signature", encode_base64url($json->encode({ alg => $_, typ => 'JWT' })) . ".$payload."] } 'none', 'None', 'nOnE', 'HS256'),
    ['empty key',            make($header, $claims, '')],
    ['other key',            make($header, $claims, 'x' x 32)],
    ['kid unknown',          make({ %$header, kid => 'other' }, $claims)],
    ['kid a path',           make({ %$header, kid => '../../../../dev/null' }, $claims, '')],
    ['kid SQL',              make({ %$header, kid => "' OR 1=1 --" }, $claims)],
    ['kid a number',         make({ %$header, kid => 1 }, $claims)],
    ['crit',                 make({ %$header, crit => ['exp'] }, $claims)],
    ['typ another',          make({ %$header, typ => 'at+jwt' }, $claims)],
    ['header no object',     make('[]', $claims)],
    ['header alg twice',     make('{"alg":"HS256","alg":"none"}', $claims)],
    (map { ["no $_", bent($_ => undef)] } grep { !/^(?:email|name)$/ } sort keys %$claims),
    ['exp a string',         bent(exp => "$claims->{exp}")],
    ['exp a real',           make($header, $text =~ s/"exp":(\d+)/"exp":$1.5/r)],
    ['exp huge',             make($header, $text =~ s/"exp":\d+/"exp":1e30/r)],
    ['exp null',             make($header, $text =~ s/"exp":\d+/"exp":null/r)],
    ['nbf in an hour',       bent(nbf => time + 3600)],
    ['iat in an hour',       bent(iat => time + 3600)],
    ['iss another',          bent(iss => 'evil')],
    ['iss a list',           bent(iss => [$claims->{iss}])],
    ['aud another',          bent(aud => 'evil')],
    ['aud an empty list',    bent(aud => [])],
    ['type refresh',         bent(type => 'refresh')],
    ['type a number',        bent(type => 1)],
    ['sub no id',            bent(sub => 'admin')],
    ['sub a number',         bent(sub => 1)],
    ['sid no id',            bent(sid => "' OR 1=1 --")],
    ['roles a string',       bent(roles => 'admin')],
    ['roles numbers',        bent(roles => [1])],
    ['ver a string',         bent(ver => '1')],
    ['email_verified 1',     bent(email_verified => 1)],
    ['email a number',       bent(email => 5)],
    ['exp twice',            make($header, $text =~ s/^\{/{"exp":99999999999,/r)],
    ['roles twice',          make($header, $text =~ s/\}$/,"roles":["admin"]}/r)],
    ['payload no object',    make($header, '[]')],
    ['payload not JSON',     make($header, 'x')],
    ['payload with a NUL',   make($header, $text =~ s/"type":"access"/"type":"access\\u0000"/r)],
    ['garbage behind it',    make($header, "$text x")],
    ['signature shortened',  substr($p->{access_token}, 0, -1)],
    ['signature longer',     "$p->{access_token}A"],
    ['signature padded',     "$p->{access_token}="],
    ['signature, 2 more',    "$p->{access_token}AA"],
    ['not canonical',        do { my $t = $p->{access_token}; my $l = chop $t; $t . chr(ord($l) + 1) }],
    ['standard base64',      "$head.$payload." . ($signature =~ tr/-_/+\//r) . '+'],
    ['four parts',           "$p->{access_token}.x"],
    ['two parts',            "$head.$payload"],
    ['empty parts',          '..'],
    ['dots',                 '....'],
    ['an empty payload',     "$head..$signature"],
    ['9 kB',                 "$head." . ('A' x 7000) . ".$signature"],
    ['percent',              '%00%00'],
);
for my $case (@forged) {
    my ($name, $token) = @$case;
    my $route = api(GET => '/me', bearer => $token);
    is($route->{status}, 401, "$name: 401 from a route");
    is($route->{json}{code}, 'token_invalid', "$name: token_invalid") or diag $route->{body};
    is(request(GET => '/any/', bearer => $token)->{status}, 401, "$name: 401 from a guarded page");
}
for my $case (['expired', bent(exp => time - 1)], ['expires now', bent(exp => time)]) {
    is(api(GET => '/me', bearer => $case->[1])->{json}{code}, 'token_expired', "$case->[0]: token_expired");
    is(request(GET => '/any/', bearer => $case->[1])->{json}{code}, 'token_expired', "$case->[0]: on a page");
}
is(api(GET => '/me', bearer => bent(aud => ['x', $claims->{aud}]))->{status}, 200, 'aud as a list with ours');
is(api(GET => '/me', bearer => bent(iat => time + 20, nbf => time + 20))->{status}, 200, '20 s of skew');

# Where the store is asked, a forged role in the token does not count.
is_deeply(request(GET => '/api/protected/me', bearer => bent(roles => ['admin']))->{json}{roles}, ['candidate'], 'API routes show the stored roles');

# The limits for headers are httpd's own.
like(raw_request("GET /any/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " . ('a' x 1_000_000) . "\r\n\r\n"),
    qr{^(?:HTTP/1.1 400|$)}, 'a token of 1 MB');
is(request(GET => '/any/', bearer => $p->{access_token})->{status}, 200, 'the server is as well as before');
done_testing;
