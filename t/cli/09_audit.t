#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# audit list, the filters of invite list, and that an error names the database.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json env_file folder write_file sql);
use AuthPlatform::Httpd;
use POSIX qw(strftime);
use Test::More;

my $httpd = AuthPlatform::Httpd->new->start;
my $file  = "$httpd->{dir}/.env";
my %ada   = (email => 'ada@example.org', password => 'correct horse 9');

sub tool { return run(['--env-file', $file, @_]) }
sub audit { return json(tool(qw(audit list --json), @_))->{items} }
sub events { return [map { $_->{event} } @{ audit(@_) }] }

my $start = time;
my $first = $httpd->api('/register', { %ada })->{json};
my $id    = $first->{user}{id};
$httpd->api('/login', { %ada, password => 'wrong horse' });
$httpd->api('/login', { %ada });
my $bob = json(run(['--env-file', $file, qw(user create --json --role candidate --email bob@example.org)], stdin => "correct horse 8\n"))->{id};
is(tool(qw(user disable --email ADA@example.org))->{status}, 0, 'an account is disabled by the tool');

# Whole.
my $all = audit();
is_deeply([map { $_->{id} } @{$all}], [sort map { $_->{id} } @{$all}], 'audit list: the oldest first');
cmp_ok(scalar @{$all}, '>=', 5, '... all of it');
my ($denied) = grep { $_->{event} eq 'login' && $_->{outcome} eq 'denied' } @{$all};
is_deeply([sort keys %{ $denied // {} }], [qw(actor_id at event id ip outcome reason request_id session_id subject_id)], '... whole entries');
is($denied->{ip}, '127.0.0.1', '... where from');
like($denied->{at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, '... when');
my $table = tool(qw(audit list));
like($table->{out}, qr/\AID +AT +EVENT +OUTCOME +REASON +BY +ABOUT +ADDRESS\n/, '... a table for people');
like($table->{out}, qr/^$denied->{id}  \S+Z +login +denied +\S+ +\S+ +\S+ +127\.0\.0\.1$/m, '... with a row for each');
is($table->{err}, '', '... all of them');

# By account: entries in which it acted, or which are about it.
my @of_ada = grep { ($_->{actor_id} // '') eq $id || ($_->{subject_id} // '') eq $id } @{$all};
is_deeply(audit('--user', $id), \@of_ada, '--user ID');
cmp_ok(scalar @of_ada, '<', scalar @{$all}, '... not of others');
is_deeply(audit('--user', ' ADA@Example.org'), \@of_ada, '--user EMAIL, however it is written');
is_deeply(audit('--user=cli'), [grep { ($_->{actor_id} // '') eq 'cli' } @{$all}], '--user cli');
cmp_ok(scalar @{ audit('--user', 'cli') }, '>=', 2, '... which did something');
is_deeply(audit('--user', '0' x 24), [], '... somebody who never was');
my $nobody = tool(qw(audit list --user nobody@example.org));
is($nobody->{status}, 1, '... an address that nobody has: status 1');
like($nobody->{err}, qr/no user with this e-mail address; name a deleted one by its id/, '... says why');
is(tool(qw(user delete --yes --id), $bob)->{status}, 0, 'an account goes');
cmp_ok(scalar @{ audit('--user', $bob) }, '>=', 2, '... and is still found by its id');
$all = audit();

# By event and by time.
my @logins = grep { $_->{event} eq 'login' } @{$all};
is_deeply(audit(qw(--event login)), \@logins, '--event');
is_deeply(audit(qw(--event LOGIN)), [], '... is spelt as it is stored');
is_deeply(audit(qw(--event login --user), $bob), [], '... and --user');
is_deeply(audit('--since', $_), $all, "--since $_: everything") for '1h', '5m', '1d', '999999m', '000001h', '1970-01-01', strftime('%Y-%m-%d', gmtime $start - 86400),
    strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $start - 1);
is_deeply(audit('--since', $_), [], "--since $_: nothing") for '0m', '2999-12-31', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 3600);
sub utc { my ($ago) = @_; return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time - $ago) }
is_deeply(audit('--since', utc(3600), '--event', 'login', '--user', $id), \@logins, '... all three');

# Page by page.
my (@paged, $after);
do {
    my $page = json(tool(qw(audit list --json --limit 2), $after ? ('--after', $after) : ()));
    push @paged, @{ $page->{items} };
    $after = $page->{next_cursor};
} while ($after && @paged < 40);
is_deeply(\@paged, $all, '--limit and --after');
like(tool(qw(audit list --limit 1))->{err}, qr/note: .*--after $all->[0]{id}$/m, '... and how to go on');

# Invites, by state and address.
my %made;
for my $name (qw(ann-open ann-used bea-revoked bea-open cleo-expired)) {
    $made{$name} = json(tool(qw(invite create --json --hours 1 --email), "$name\@example.org"));
}
$httpd->api('/register/recruiter', { email => 'ann-used@example.org', password => $ada{password}, invite_code => $made{'ann-used'}{code} });
tool(qw(invite revoke --id), $made{'bea-revoked'}{id});
SKIP: {
    skip 'no file to change', 1 if ($ENV{AUTHP_STORE} // 'sqlite') ne 'sqlite';
    my $database = json(tool(qw(check-config --json)))->{database};
    is(system('sqlite3', '-cmd', '.timeout 5000', $database, "UPDATE recruiter_invites SET expires_at = 1 WHERE id = '$made{'cleo-expired'}{id}'"), 0, 'one has expired');
    is_deeply(invites(qw(--state expired)), ['cleo-expired'], 'invite list --state expired');
}
sub invites { return [map { $_->{email} =~ s/\@.*//r } @{ json(tool(qw(invite list --json), @_))->{items} }] }
is_deeply([grep { !/^cleo/ } @{ invites(qw(--state open)) }], [qw(ann-open bea-open)], 'invite list --state open');
is_deeply(invites(qw(--state used)), ['ann-used'], '... used');
is_deeply(invites(qw(--state revoked)), ['bea-revoked'], '... revoked');
is_deeply(invites('--email', 'ANN'), [qw(ann-open ann-used)], '--email, the beginning of an address');
is_deeply(invites(qw(--email ann-open@example.org)), ['ann-open'], '... or all of it');
is_deeply(invites(qw(--email open)), [], '... not its end');
is_deeply(invites(qw(--email bea --state open)), ['bea-open'], '... both');
my $page = json(tool(qw(invite list --json --email ann --limit 1)));
is_deeply([map({ $_->{id} } @{ $page->{items} }), $page->{next_cursor}], [($made{'ann-open'}{id}) x 2], '... page by page');
$page = json(tool(qw(invite list --json --email ann --limit 1 --after), $page->{next_cursor}));
is_deeply([map({ $_->{id} } @{ $page->{items} }), $page->{next_cursor}], [$made{'ann-used'}{id}, undef], '... to the last one');
unlike(tool(qw(invite list --email ann --limit 2))->{err}, qr/there are more/, '... which is known to be it');
$httpd->stop;

# An error names the database that the tool tried to use.
my $dir = folder();
mkdir "$dir/state" or die $!;
my $broken = write_file("$dir/state/auth_platform.db", "this is no database, and long enough for a header of one\n" x 20);
my $other = env_file($dir);
my $failed = run(['--env-file', $other, qw(user list)]);
is($failed->{status}, 1, 'a broken database: status 1');
like($failed->{err}, qr/^authplatform: note: the database is \Q$broken\E, as \Q$other\E says$/m, '... named, with the settings that name it');

# So does an error of another kind: the database is of a version that is newer than this one.
my $later = folder();
my $newer = env_file($later);
like(run(['--env-file', $newer, 'migrate'])->{out}, qr/\Asqlite: \d+ steps applied\n\z/, 'migrate says how many steps it made');
is(run(['--env-file', $newer, 'migrate'])->{out}, "sqlite: up to date\n", '... and then none');
sql($later, q{INSERT INTO schema_migrations (step, name, checksum) VALUES (999, 'to come', '0')});
$failed = run(['--env-file', $newer, 'migrate']);
is($failed->{status}, 1, 'a database of a newer version: status 1');
like($failed->{err}, qr/newer version \(step 999/, '... and that is what is said');
like($failed->{err}, qr/^authplatform: note: the database is \Q$later\E/m, '... of which one');
done_testing();
