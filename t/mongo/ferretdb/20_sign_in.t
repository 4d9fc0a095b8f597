# SPDX-License-Identifier: Apache-2.0
# What the operator reads if the database refuses the user, the password or the certificate, and if it refuses TTL indexes. The server is
# FerretDB, which asks for a password (SCRAM-SHA-256) and speaks TLS only.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../../lib", "$FindBin::Bin/../../cli/lib";
use AuthPlatform::Cli qw(run env_file folder);
use AuthPlatform::Ferret;
use AuthPlatform::Httpd;
use Test::More;

my $ferret = AuthPlatform::Ferret->new->start;
my $other  = AuthPlatform::Ferret->new;          # only its certificate is used
my $person = { email => 'ada@example.org', password => 'three calm words' };

sub settings { my ($uri) = @_; return (AUTH_STORE => 'mongodb', MONGODB_DB => 'signed', MONGODB_URI => $uri) }

sub server {
    my ($uri) = @_;
    my %settings = settings($uri);
    return AuthPlatform::Httpd->new(settings => join '', map {"$_=$settings{$_}\n"} sort keys %settings)->start;
}

# --- right ------------------------------------------------------------------------------------------------------------
my $tool = run(['--env-file', env_file(folder(), settings($ferret->uri)), 'migrate']);
is($tool->{status}, 0, 'the tool makes the indexes') or diag $tool->{err};
my $httpd = server($ferret->uri);
is($httpd->api('/register', $person)->{status}, 201, 'signs people up') or diag $httpd->log;
like($httpd->log, qr/AUTHP0235: MongoDB refused optional indexes \(code 238\) on refresh_tokens\.expires_at, recruiter_invites\.expires_at/,
    'names the indexes that this server refuses');
$httpd->stop;

# --- wrong ------------------------------------------------------------------------------------------------------------
my $untrusted = $ferret->uri =~ s{\Q$ferret->{dir}\E/cert\.pem}{$other->{dir}/cert.pem}r;
my @wrong = (
    ['a wrong password', $ferret->uri(password => 'not-the-password'), qr/MongoDB does not answer: .*[Aa]uthentication failed/, '503 store_unavailable'],
    ['an unknown user', $ferret->uri(user => 'nobody'), qr/MongoDB does not answer: .*[Aa]uthentication failed/, '503 store_unavailable'],
    ['no user', $ferret->uri(user => ''), qr/MongoDB: no unique index on users\.email: code 13 \(not authorized/, '500 internal_error'],
    ['a certificate of somebody else', $untrusted, qr/MongoDB does not answer: .*(?:certificate|TLS)/, '503 store_unavailable'],
    ['no TLS', $ferret->uri =~ s/tls=true&tlsCAFile=[^&]*&//r, qr/MongoDB does not answer: /, '503 store_unavailable'],
);
for my $case (@wrong) {
    my ($name, $uri, $line, $answer) = @$case;
    $httpd = server($uri);
    my $login = $httpd->api('/login', $person);
    is("$login->{status} $login->{json}{code}", $answer, "$name: the client");
    is($httpd->get('/api/auth/readyz')->{status}, 503, "$name: not ready");
    # The driver's lines at level info are for another reader.
    my ($said) = grep { /AUTHP02(?:31|39)/ } split /\n/, $httpd->log;
    like($said // 'nothing', $line, "$name: the log");
    $httpd->stop;
    unlike($httpd->log, qr/not-the-password|\Q$ferret->{password}/, "$name: no password in the log");
    $tool = run(['--env-file', env_file(folder(), settings($uri)), 'migrate']);
    isnt($tool->{status}, 0, "$name: the tool fails");
    like($tool->{err}, $line, "$name: and says why");
    unlike("$tool->{out}$tool->{err}", qr/not-the-password|\Q$ferret->{password}/, "$name: without the password");
}
done_testing;
