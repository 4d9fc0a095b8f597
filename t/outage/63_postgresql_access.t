# SPDX-License-Identifier: Apache-2.0
# Who may come to PostgreSQL, and how: wrong credentials, an unknown database, TLS with right and wrong certificates, a role that may serve
# but not change the schema. What cannot work is 503 in time, the log says why, and no log has a password.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../cli/lib";
use AuthPlatform::Cli ();
use AuthPlatform::Guide ();
use AuthPlatform::Httpd;
use AuthPlatform::Outage;
use AuthPlatform::Postgres;
use Test::More;

my $pg = AuthPlatform::Postgres->new;

sub host { my ($url, $more) = @_; return AuthPlatform::Httpd->new(settings => "AUTH_STORE=postgresql\nDATABASE_URL=$url\n" . ($more || ''))->start }

sub is_refused {
    my ($url, $why, $name) = @_;
    my $httpd = host($url);
    is_away($httpd, $name, 3);
    $httpd->stop;
    like($httpd->log, qr/AUTHP0203: store: cannot open a connection: .*$why/, "$name: the log says why");
    unlike($httpd->log, qr/\Q$pg->{password}\E|hush/, "$name: and has no password");
    return;
}

sub works {
    my ($url, $name, $more) = @_;
    my $httpd = host($url, $more);
    my $ada = someone();
    $httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, "$name: not ready");
    is($httpd->api('/register', $ada)->{status}, 201, "$name: signs up");
    is($httpd->api('/login', $ada)->{status}, 200, "$name: and in");
    return $httpd;
}

# --- certificates -----------------------------------------------------------------------------------------------------
my $keys = AuthPlatform::Cli::folder();

sub quietly { my (@command) = @_; system('sh', '-c', 'exec "$@" 2>>"$0"', "$keys/said", @command) == 0 or die "@command\n"; return }

for my $ca (qw(right wrong)) {
    quietly(qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj), "/CN=$ca", '-keyout', "$keys/$ca.key", '-out', "$keys/$ca.pem");
    chmod 0644, "$keys/$ca.pem";
}
quietly(qw(openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout), "$pg->{dir}/server.key", '-out', "$keys/server.csr");
AuthPlatform::Cli::write_file("$keys/names", "subjectAltName=DNS:localhost\n");
quietly(qw(openssl x509 -req -days 2 -CAcreateserial -CA), "$keys/right.pem", '-CAkey', "$keys/right.key", '-extfile', "$keys/names", '-in', "$keys/server.csr", '-out', "$pg->{dir}/server.pem");
chmod 0600, "$pg->{dir}/server.key";
if (!$<) {
    my (undef, undef, $uid, $gid) = getpwnam 'postgres';
    chown $uid, $gid, map {"$pg->{dir}/server.$_"} qw(key pem);
}
push @{ $pg->{settings} }, 'ssl=on', "ssl_cert_file=$pg->{dir}/server.pem", "ssl_key_file=$pg->{dir}/server.key";
$pg->start;

my $plain = $pg->uri;
(my $named = $plain) =~ s/127\.0\.0\.1/localhost/;
# The address is given, because a test machine may resolve localhost to ::1 first.
my $secure = "$named?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=";
my $httpd = works("$secure$keys/right.pem", 'TLS');
is($pg->sql(q{SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE NOT ssl AND application_name = 'auth_platform'}), 0, 'TLS: each connection is encrypted');
cmp_ok($pg->sql(q{SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'auth_platform'}), '>', 0, 'TLS: and there are some');
$httpd->stop;
is_refused("$secure$keys/wrong.pem", 'certificate verify failed', 'a certificate of another authority');
is_refused("$plain?sslmode=verify-full&sslrootcert=$keys/right.pem", 'server certificate for "localhost".* does not match host name "127.0.0.1"', 'a certificate of another name');
is_refused("$secure$keys/none.pem", 'root certificate file .* does not exist', 'no file with an authority');

# --- credentials ------------------------------------------------------------------------------------------------------
(my $wrong = $plain) =~ s/:[0-9a-f]+\@/:hush-hush\@/;
is_refused($wrong, 'password authentication failed for user "authp"', 'a wrong password');
(my $nobody = $plain) =~ s/authp:/nobody:/;
is_refused($nobody, 'password authentication failed for user "nobody"', 'an unknown role');
(my $nowhere = $plain) =~ s{/authp$}{/nowhere};
is_refused($nowhere, 'database "nowhere" does not exist', 'an unknown database');

# A character without a place in the database's encoding would fail later, at somebody's name.
$pg->sql_of(postgres => q{CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0});
my $latin = AuthPlatform::Cli::folder();
AuthPlatform::Cli::env_file($latin, AUTH_STORE => 'postgresql', DATABASE_URL => $plain =~ s{/authp$}{/latin}r);
my $foreign = AuthPlatform::Cli::run(['--env-file', "$latin/.env", 'migrate']);
is($foreign->{status}, 1, 'a database of another encoding is refused');
like($foreign->{err}, qr/the encoding of the database is LATIN1, it must be UTF8/, '... and the log says why');

# --- the roles of the guide -------------------------------------------------------------------------------------------
# conf/guides/postgresql.md: the owner makes the schema, and httpd's role can serve but not change it.
sub sql_in {
    my ($block) = @_;
    my ($sql) = AuthPlatform::Guide::text("$ENV{AUTHP_TOP}/conf/guides/postgresql.md", $block) =~ /<<'SQL'\n(.*?)^SQL$/ms or die "no SQL in $block\n";
    return split /(?<=;)\n/, $sql;
}
$pg->sql_of(postgres => sql_in('roles'), "ALTER ROLE jobs_owner PASSWORD 'o$pg->{password}'", "ALTER ROLE jobs PASSWORD 's$pg->{password}'");
my ($owner, $server) = map {"postgresql://$_\@127.0.0.1:$pg->{port}/jobs"} "jobs_owner:o$pg->{password}", "jobs:s$pg->{password}";
my $dir = AuthPlatform::Cli::folder();
is_away($httpd = host($server), 'before the schema is there', 3);
$httpd->stop;
like($httpd->log, qr/AUTHP0210: .*permission denied for schema public/, 'before the schema is there: the log says why');
unlike($httpd->log, qr/AUTHP0210: .*LINE 1|LOCATION/, '... in the first line of the error, because further lines may contain values of rows');
AuthPlatform::Cli::env_file($dir, AUTH_STORE => 'postgresql', DATABASE_URL => $owner);
my $made = AuthPlatform::Cli::run(['--env-file', "$dir/.env", 'migrate']);
is($made->{status}, 0, 'the owner makes the schema') or diag $made->{err};
$pg->sql_of(jobs => sql_in('rights'));
$httpd = works($server, 'a role that serves');
AuthPlatform::Cli::env_file($dir, AUTH_STORE => 'postgresql', DATABASE_URL => $server);
my $back = AuthPlatform::Cli::run(['--env-file', "$dir/.env", 'migrate', '--to', '0', '--force']);
is($back->{status}, 1, 'it cannot remove the schema');
my $purged = AuthPlatform::Cli::run(['--env-file', "$dir/.env", 'purge']);
is($purged->{status}, 0, 'but it can remove what is over') or diag $purged->{err};
$httpd->stop;
unlike($httpd->log, qr/42501|AUTHP0206/, 'no statement needs more rights');
done_testing;
