# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Rows;
# Reads the shared server's store without the server: SQLite's file with the program sqlite3, MongoDB with Python's driver, PostgreSQL with
# the program psql.
#   my @entries = rows(audit_log => subject_id => $id);   everything in a table or collection: rows('users'), text_of('users')
# Ids are plain text and times are milliseconds in all stores. An absent time is 0 in SQLite and undef in the others.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Test;
use Exporter 'import';
use JSON ();

our @EXPORT = qw(rows text_of);
my $json = JSON->new->utf8->canonical->allow_nonref;

sub on_mongodb { return $ENV{AUTHP_STORE} eq 'mongodb' }

# Runs a command without a shell. Its output is JSON.
sub output_of {
    my (@command) = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!";
    local $/;
    my $said = <$pipe>;
    close $pipe or die "$command[0] failed: " . ($said // '');
    return $said // '';
}

my $python = <<'PY';
import json, os, sys, datetime, pymongo
from bson import ObjectId
db = pymongo.MongoClient(os.environ["AUTHP_MONGODB_URI"])[os.environ["AUTHP_MONGODB_NAME"]]
def plain(value):
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, datetime.datetime):
        return round(value.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value))
query = {}
if len(sys.argv) > 2:
    column, value = sys.argv[2:]
    query = {column: {"$in": [value] + ([ObjectId(value)] if ObjectId.is_valid(value) else [])}}
found = list(db[sys.argv[1]].find(query).sort("_id", 1))
for document in found:
    document["id"] = document.pop("_id")
print(json.dumps(found, default=plain))
PY

sub psql {
    my ($sql) = @_;
    # The password must not be an argument.
    local @ENV{qw(PGUSER PGPASSWORD PGHOST PGPORT PGDATABASE)} =
        ($ENV{AUTHP_POSTGRES_DIRECT_URL} || $ENV{AUTHP_POSTGRES_URL}) =~ m{//([^:]+):([^@]*)@([^:/]+):([0-9]+)/(\w+)};
    return output_of('/usr/bin/psql', qw(-X -q -A -t -v ON_ERROR_STOP=1 -c), $sql);
}

# How a column is read, by its type.
my %plain = (
    timestamptz => '(extract(epoch from %1$s) * 1000)::bigint AS %1$s',
    bytea       => q{encode(%1$s, 'hex') AS %1$s},
    bool        => '%1$s::int AS %1$s',
);

sub of_postgresql {
    my ($table, $condition) = @_;
    my $schema  = $ENV{AUTHP_POSTGRES_SCHEMA};
    my @columns = map { [split / /] } split /\n/,
        psql("SELECT column_name || ' ' || udt_name FROM information_schema.columns WHERE table_schema = '$schema' AND table_name = '$table'");
    my $list = join ', ', map { sprintf $plain{ $_->[1] } // '%1$s', $_->[0] } @columns;
    return psql("SELECT coalesce(json_agg(t ORDER BY t.id), '[]') FROM (SELECT $list FROM $schema.$table $condition) t");
}

# Returns the rows in which the column (a text) has that value, ordered by id; all rows without a column.
sub rows {
    my ($table, $column, $value) = @_;
    my @where = defined $column ? ($column, $value) : ();
    return @{ $json->decode(output_of('/usr/bin/python3', '-c', $python, $table, @where)) } if on_mongodb();
    # Values come from tests only, but a quote in one must work.
    my $condition = @where ? "WHERE $column = '" . ($value =~ s/'/''/gr) . "'" : '';
    return @{ $json->decode(of_postgresql($table, $condition)) } if $ENV{AUTHP_STORE} eq 'postgresql';
    my $said = output_of('sqlite3', '-readonly', '-json', stage() . '/state/auth_platform.db', "SELECT * FROM $table $condition ORDER BY id");
    return length $said ? @{ $json->decode($said) } : ();
}

sub text_of { return join "\n", map { $json->encode($_) } rows(@_) }

1;
