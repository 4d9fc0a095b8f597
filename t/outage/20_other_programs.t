# SPDX-License-Identifier: Apache-2.0
# Another program with another driver uses the same database: it finds documents in the documented form, and documents that it writes are
# accounts. No data of the database alone is enough to sign in.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mongo;
use JSON ();
use Test::More;

my $mongo = AuthPlatform::Mongo->new(backend => 'memory')->start;
my $httpd = AuthPlatform::Httpd->new(
    settings => 'AUTH_STORE=mongodb' . "\nMONGODB_DB=shared\nMONGODB_URI=" . $mongo->uri . "\n")->start;

# Runs statements with Python's driver. `db` is the database, and `out` is the result.
sub outside {
    my ($statements) = @_;
    my $program = "import json, sys, datetime, pymongo\nfrom bson import json_util, ObjectId\n"
        . "db = pymongo.MongoClient(sys.argv[1]).shared\nout = None\n$statements\nprint(json_util.dumps(out))\n";
    open my $pipe, '-|', '/usr/bin/python3', '-c', $program, $mongo->uri or die "python3: $!";
    local $/;
    my $said = <$pipe>;
    close $pipe or die "python3: $said";
    return JSON->new->allow_nonref->decode($said);
}

my $password = 'three calm words';
my $new      = $httpd->api('/register', { email => 'ada@example.org', password => $password, name => 'Ada' });
is($new->{status}, 201, 'an account of ours') or diag $new->{body}, $httpd->log;
my $login = $httpd->api('/login', { email => 'ada@example.org', password => $password });
is($httpd->api('/logout', { refresh_token => $login->{json}{refresh_token} })->{status}, 200, 'a session that ended');

my $user = outside('out = db.users.find_one({"email": "ada@example.org"})');
is($user->{_id}{'$oid'}, $new->{json}{user}{id}, '_id is an ObjectId, the id');
is_deeply($user->{roles}, ['candidate'], 'roles are a list');
ok(exists $user->{created_at}{'$date'}, 'times are dates');
like($user->{password_hash}, qr/^\$2y\$04\$/, 'bcrypt');
ok(!exists $user->{$_}, "no $_ where there is none") for qw(username phone);
my $rows = outside('out = list(db.refresh_tokens.find().sort("_id", 1))');
is(scalar @$rows, 2, 'one row for each session');
is($rows->[0]{user_id}{'$oid'}, $new->{json}{user}{id}, 'user_id is an ObjectId');
is($rows->[1]{revoked}, JSON::true(), 'the ended one says revoked');
is($rows->[1]{end_reason}, 'logout', 'and why');
is($rows->[0]{device_info}{ip}, '127.0.0.1', 'device_info');
my $indexes = outside('out = {c: sorted(i["name"] for i in db[c].list_indexes()) for c in ("users", "refresh_tokens")}');
is(join(' ', @{ $indexes->{users} }), '_id_ auth_changed_at_1 deleted_at_1 email_1 phone_1 roles_1__id_1 username_1', 'indexes of users');

my $all = JSON->new->encode(outside('out = {c: list(db[c].find()) for c in db.list_collection_names()}'));
for my $secret ($password, map { $_->{json}{access_token}, $_->{json}{refresh_token} } $new, $login) {
    is(index($all, $secret), -1, 'no secret is in the database');
}
my ($tag) = $login->{json}{refresh_token} =~ /(.{20})$/;
is(index($all, $tag), -1, 'nor the part of a refresh token that proves it');

# Accounts that the other program writes, with password hashes of other programs.
my %hash = map { $_ => crypt $password, "\$$_\$05\$abcdefghijklmnopqrstuu" } qw(2a 2b 2y);
for my $kind (sort keys %hash) {
    outside("db.users.insert_one({'email': 'eve$kind\@example.org', 'name': 'Eve', 'password_hash': '$hash{$kind}', "
            . "'roles': ['candidate'], 'is_recruiter_verified': False, 'created_at': datetime.datetime(2026, 1, 2), 'shoe_size': 42})");
    my $answer = $httpd->api('/login/candidate', { email => "eve$kind\@example.org", password => $password });
    is($answer->{status}, 200, "an account it made signs in (\$$kind\$)") or diag $answer->{body}, $httpd->log;
    is($answer->{json}{user}{created_at}, '2026-01-02T00:00:00.000Z', 'with its own date');
    is($httpd->api('/login', { email => "eve$kind\@example.org", password => 'another' })->{status}, 401, 'by its password alone');
}
outside("db.users.insert_one({'email': 'odd\@example.org', 'password_hash': '$hash{'2b'}', 'roles': 'admin'})");
is($httpd->api('/login', { email => 'odd@example.org', password => $password })->{status}, 500, 'one with roles of a wrong type does not');
like($httpd->log, qr/field roles of users [0-9a-f]{24} is of a wrong type/, 'and the log says why');
is($httpd->api('/login', { email => 'ada@example.org', password => $password })->{status}, 200, 'nobody else is concerned');
$httpd->stop;
done_testing;
