# SPDX-License-Identifier: Apache-2.0
# The profile `phone`: every row of the store after each route that takes or sends a code. No row has a code, the key of MSG91, a password or the
# code of an invite. A whole number is in the columns `phone` alone. MSG91 is the look-alike.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Msg91;
use AuthPlatform::Phone;
use AuthPlatform::Rows ();
use JSON ();
use Test::More;

# Codes have nine digits, so that they are not in an id or a time by chance.
my $msg91 = AuthPlatform::Msg91->new;
my $site  = AuthPlatform::Phone->new(msg91 => $msg91, limits => 1, more => "LogLevel trace8 core:debug http:debug\n", settings => "OTP_LENGTH=9\nOTP_LIMIT_ADDRESS=1000/1h\nOTP_LIMIT_WRONG=2/1d\n");
my %env   = AuthPlatform::Httpd::slurp("$site->{httpd}{dir}/.env") =~ /^(\w+)=(.*)$/mg;
my $json  = JSON->new->utf8->canonical->allow_nonref;
my $password = AuthPlatform::Phone::password();
my (%codes, $serial);

# --- the rows --------------------------------------------------------------------------------------------------------------------
my $python = <<'PY';
import json, os, sys, pymongo
db = pymongo.MongoClient(os.environ["AUTHP_MONGODB_URI"])[sys.argv[1]]
plain = lambda value: value.hex() if isinstance(value, bytes) else str(value)
print(json.dumps({name: [json.loads(json.dumps(row, default=plain)) for row in db[name].find()] for name in db.list_collection_names() if not name.startswith("system.")}))
PY

sub of_postgresql {
    my $schema = $env{AUTH_DB_SCHEMA};
    my @tables = split /\s+/, AuthPlatform::Rows::psql("SELECT table_name FROM information_schema.tables WHERE table_schema = '$schema'");
    return { map { $_ => $json->decode(AuthPlatform::Rows::psql(qq{SELECT coalesce(json_agg(t), '[]') FROM "$schema"."$_" t})) } grep {length} @tables };
}

sub of_sqlite {
    my @sqlite = ('sqlite3', '-readonly', '-json', '-cmd', '.timeout 5000', "$env{AUTH_STATE_DIR}/auth_platform.db");
    my $ask    = sub { my $said = AuthPlatform::Rows::output_of(@sqlite, $_[0]); return length $said ? $json->decode($said) : [] };
    return { map { $_->{name} => $ask->(qq{SELECT * FROM "$_->{name}"}) } @{ $ask->(q{SELECT name FROM sqlite_master WHERE type = 'table'}) } };
}

# {table => [rows]}
sub all_rows {
    my $store = $ENV{AUTHP_STORE} || 'sqlite';
    return of_sqlite() if $store eq 'sqlite';
    return of_postgresql() if $store eq 'postgresql';
    return $json->decode(AuthPlatform::Rows::output_of('/usr/bin/python3', '-c', $python, $env{MONGODB_DB}));
}

# "table.column" of each value that contains the text, sorted.
sub places_of {
    my ($all, $text) = @_;
    my %places;
    for my $table (keys %$all) {
        for my $row (@{ $all->{$table} }) {
            for my $column (keys %$row) {
                my $value = $json->encode($row->{$column});
                $places{"$table.$column"}++ if index($value, $text) >= 0 || index($value, unpack 'H*', $text) >= 0;
            }
        }
    }
    return join ' ', sort keys %places;
}

# --- each route ------------------------------------------------------------------------------------------------------------------
sub number { return sprintf '98765%05d', 43210 + $serial++ }
sub sent {
    my ($number) = @_;
    my $code = $site->code($number) // die "nothing was sent to $number\n";
    $codes{$code} = 1;
    return $code;
}

sub says {
    my ($answer, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($answer->{status}, $status, $name) or diag $answer->{body};
    return $answer;
}

my ($asha, $bala, $chitra, $dev, $esha, $mona, $nils, $free) = map { number() } 1 .. 8;
my $root = $site->admin('root@example.org');
my %known = (full_name => 'Asha', phone => $asha, password => $password, user_type => 'seeker');
says($site->post('/auth/send-otp', { phone => $asha }), 200, 'send-otp');
says($site->post('/auth/register', { %known, otp => sent($asha) }), 200, 'auth/register');
says($site->post('/auth/send-otp', { phone => $asha }), 429, 'a code too soon');
says($site->post('/auth/send-otp', { phone => $bala }), 200, 'a code that nobody uses');
sent($bala);
my @wrong = ('314159265', '271828182');
@codes{@wrong} = (1, 1);
says($site->post('/auth/login-otp', { phone => $bala, otp => $_ }), 400, 'a wrong one') for @wrong;
says($site->post('/auth/send-otp', { phone => $bala }), 429, 'the number is locked');
$site->tool("$password\n", qw(user create --role seeker --phone), $chitra);
says($site->post('/auth/forgot-password', { phone => $chitra }), 200, 'forgot-password');
for (1 .. 300) { last if defined $site->code($chitra); select undef, undef, undef, 0.1 }
says($site->post('/auth/reset-password', { phone => $chitra, otp => sent($chitra), new_password => 'four other calm words' }), 200, 'reset-password');
says($site->post('/auth/login', { phone => $chitra, password => 'four other calm words' }), 200, 'auth/login');
says($site->post('/auth/login', { phone => $free, password => 'words of nobody' }), 401, '... a number of nobody');
says($site->post('/users/register', { mobile => $dev, roles => ['provider'] }), 200, 'users/register');
says($site->post('/users/auth', { mobile => $dev, roles => ['provider'], otp => sent($dev) }), 200, 'users/auth');
says($site->post('/users/register', { mobile => $esha, roles => ['provider'] }), 200, 'users/register without users/auth');
sent($esha);
my %mona = (email => 'mona@example.org', password => $password, mobile => $mona, name => 'Mona', roles => ['admin']);
says($site->post('/admin/register', \%mona, bearer => $root), 200, 'admin/register');
says($site->post('/admin/verify-registration', { mobile => $mona, otp => sent($mona) }), 200, 'admin/verify-registration');
my ($status, $said) = $site->tool('', qw(--json invite create --role admin --email nils@example.org));
my $invite = $status == 0 ? $json->decode($said)->{code} : die "invite create: $said\n";
says($site->post('/admin/register', { %mona, email => 'nils@example.org', mobile => $nils, invite_code => $invite }), 200, 'admin/register with an invite, not verified');
sent($nils);
$msg91->mode('refuse');
says($site->post('/auth/send-otp', { phone => $free }), 500, 'MSG91 refuses');
$msg91->mode('ok');

# --- what is there ---------------------------------------------------------------------------------------------------------------
my $all = all_rows();
for my $table (qw(users otp_codes pending_admins tallies audit_log refresh_tokens recruiter_invites)) {
    cmp_ok(scalar @{ $all->{$table} || [] }, '>', 0, "there are rows in $table");
}
cmp_ok(scalar keys %codes, '>=', 9, scalar(keys %codes) . ' codes were sent or tried');
is(places_of($all, $_), '', 'a code is in no row') for sort keys %codes;
is(places_of($all, $_->[0]), '', "$_->[1] is in no row")
    for [$msg91->key, 'the key of MSG91'], [$password, 'the password'], ['four other calm words', 'a new password'], ['words of nobody', 'a wrong password'], [$invite, 'the code of an invite'];
my %where = ($asha => 'otp_codes.phone users.phone', $bala => 'otp_codes.phone', $chitra => 'otp_codes.phone users.phone', $dev => 'otp_codes.phone users.phone', $esha => 'otp_codes.phone',
    $mona => 'otp_codes.phone users.phone', $nils => 'otp_codes.phone pending_admins.phone', $free => 'otp_codes.phone');
is(places_of($all, $_), $where{$_}, 'a whole number is in columns of numbers alone') for sort keys %where;
like(join(' ', map { $_->{reason} // '' } @{ $all->{audit_log} }), qr/OTP_LIMIT_PHONE \*{7}3210\b/, 'the audit has its last four digits');

# --- and what is told ------------------------------------------------------------------------------------------------------------
$site->stop;
my $log = $site->httpd->log;
is(join(' ', grep { index($log, $_) >= 0 } keys %codes, keys %where, $msg91->key, $invite), '', 'nor is one in the log, where all but core, which logs the headers of requests, are at trace8');
done_testing;
