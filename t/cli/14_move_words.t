#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What export and import say and where, the lists of the answer, batches of another system's file, and files that cannot be written. On SQLite.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file write_file slurp sql program SECRET);
use AuthPlatform::Terminal qw(available start expect finish release);
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $codec = JSON::PP->new->utf8->canonical;
my ($from, $to) = (folder(), folder());
env_file($_) for $from, $to;

sub tool { my ($dir, @args) = @_; my %how = ref $args[-1] ? %{ pop @args } : (); return run(['--env-file', "$dir/.env", @args], stdin => "three calm words\n", %how) }
sub id   { my ($number) = @_; return sprintf '65%022x', $number }
sub audit { my ($dir, $event) = @_; return [map { $_->{reason} } @{ json(tool($dir, qw(audit list --json --event), $event))->{items} }] }

my %id = map { ($_ => json(tool($from, qw(user create --json --role candidate --email), "$_\@example.org"))->{id}) } qw(ada bob);
my $session = "INSERT INTO refresh_tokens VALUES ('${\id(1)}', '$id{ada}', 1, '${\('A' x 43)}', 0, 0, 1, 1700000000000, 1700000060000, 9700000000000, 9700000000000, 0, NULL, NULL, NULL, NULL)";
sql($from, $session);

# --- export -------------------------------------------------------------------------------------------------------------
my $counts = 'users 2, sessions 1, invites 0, audit 2';
my $out    = tool($from, 'export', '--out', "$from/one");
is_deeply([@{$out}{qw(status out err)}], [0, "exported $counts to $from/one\n", ''], 'export to a file: what it wrote, on standard output');
is_deeply(audit($from, 'export'), [$counts], '... and in the audit');
my $piped = tool($from, 'export');
is($piped->{err}, "authplatform: exported users 2, sessions 1, invites 0, audit 3\n", 'export to standard output: the counts are on standard error');
is(scalar(split /\n/, $piped->{out}), 7, '... and the rows alone on standard output');
is_deeply(json(tool($from, 'export', '--json', '--out', "$from/two")), { out => "$from/two", users => 2, sessions => 1, invites => 0, audit => 4, left_out => 0 }, 'export --json');
SKIP: {
    skip 'Linux pseudo-terminals only', 4 if !available();
    my $tool = start($from, 'export');
    ok(expect($tool, qr/the export would go to the terminal: name a file with --out FILE, or redirect the output/), 'export to a terminal');
    is(finish($tool), 2, '... wrong usage');
    release($tool);
    $tool = start($to, 'import');
    ok(expect($tool, qr/name a file with --in FILE, or redirect the input/), 'import from a terminal');
    is(finish($tool), 2, '... wrong usage');
    release($tool);
}
is(tool($from, 'export', '--json')->{err}, "authplatform: the export would go to the same place as the answer: name a file with --out FILE\n", 'export --json without a file');

# Rows that cannot be read are left out and counted.
for my $case ([['ada'], '1 row could not be read and was left out'], [[qw(ada bob)], '2 rows could not be read and were left out']) {
    my ($names, $words) = @$case;
    sql($from, map {"UPDATE users SET identities = '{' WHERE id = '$id{$_}'"} @$names);
    my $short = tool($from, 'export', '--out', "$from/short", '--json');
    is_deeply([@{ json($short) }{qw(users left_out)}], [2 - @$names, scalar @$names], "damaged rows: $words");
    like($short->{err}, qr/^authplatform: $words, see the lines above$/m, '... as standard error says');
}
sql($from, 'UPDATE users SET identities = NULL');

# What cannot be written: nothing is left, and the audit has no export.
my $before = audit($from, 'export');
SKIP: {
    skip 'no /dev/full', 2 if !-c '/dev/full';
    my $said = "$from/said";
    is(system("MONGOC_DISABLE_SHM=1 ${\program()} --env-file $from/.env export >/dev/full 2>$said") >> 8, 1, 'an export to a full disk: status 1');
    is(slurp($said), "authplatform: the export could not be written: No space left on device\n", '... says why, and no counts');
}
mkdir "$from/folder" or die $!;
my $named = tool($from, 'export', '--out', "$from/folder");
is_deeply([@{$named}{qw(status out err)}], [1, '', "authplatform: cannot write $from/folder: it is there and is not a regular file\n"], 'an export whose name is a folder');
is_deeply([glob "$from/folder*"], ["$from/folder"], '... leaves no part');
mkdir "$from/taken.part" or die $!;
my $taken = tool($from, 'export', '--out', "$from/taken");
is_deeply([@{$taken}{qw(status err)}], [1, "authplatform: cannot write $from/taken.part: File exists\n"], '... or whose part is one');
is_deeply(audit($from, 'export'), $before, '... and the audit has none of them');

# An export that is ended by a signal while its store does not answer: the kernel accepts the connection, and nobody reads.
my $silent = IO::Socket::INET->new(Listen => 9, LocalAddr => '127.0.0.1') or die "listen: $!";
write_file("$from/silent.env", 'AUTH_STORE=postgresql' . "\nDATABASE_URL=postgresql://127.0.0.1:" . $silent->sockport . "/none\nJWT_SECRET_KEY=${\SECRET}\n");
for my $signal (qw(INT TERM HUP KILL)) {
    my ($cut, $said) = ("$from/cut.$signal", "$from/cut-said");
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        local $SIG{$signal} = 'DEFAULT' if $signal ne 'KILL';
        open STDERR, '>', $said or die;
        local %ENV = (PATH => '/usr/bin:/bin', MONGOC_DISABLE_SHM => 1);
        exec { program() } 'authplatform', '--env-file', "$from/silent.env", 'export', '--out', $cut or die;
    }
    IO::Select->new($silent)->can_read(60) or die "no connection of the tool";
    my $held = $silent->accept;
    ok(-e "$cut.part", "an export that waits for its store: there is a part (SIG$signal)");
    kill $signal, $pid;
    waitpid $pid, 0;
    is($? & 127, { INT => 2, TERM => 15, HUP => 1, KILL => 9 }->{$signal}, '... the signal ends the tool');
    my $until = time + 60;
    sleep 0.01 while $signal eq 'KILL' && -e "$cut.part" && time < $until;
    is_deeply([glob "$cut*"], [], '... and neither a file nor a part is left');
    is(slurp($said), $signal eq 'KILL' ? '' : "authplatform: $cut was not written: a signal has ended this tool\n", $signal eq 'KILL' ? '... nobody can say so' : '... as standard error says');
}
my $precious = write_file("$from/precious", "precious\n");
symlink $precious, "$from/linked.part" or die $!;
is(tool($from, 'export', '--out', "$from/linked")->{status}, 0, 'a part that is a link');
is(slurp($precious), "precious\n", '... is not followed');
ok(!-l "$from/linked" && -f _, '... and the export is a file');
symlink $precious, "$from/goal" or die $!;
is(tool($from, 'export', '--out', "$from/goal")->{status}, 1, 'a name that is a link');
is_deeply([slurp($precious), readlink "$from/goal"], ["precious\n", $precious], '... stays, and so does its target');
my $umask = umask 0;
is(tool($from, 'export', '--out', "$from/private")->{status}, 0, 'without a umask');
is((stat "$from/private")[2] & 07777, 0600, '... the export is for its owner');
umask $umask;

# --- import, for people -------------------------------------------------------------------------------------------------
is(tool($to, 'migrate')->{status}, 0, 'a database');
my $dry = tool($to, 'import', '--dry-run', '--in', "$from/one");
is_deeply([@{$dry}{qw(status out err)}], [0, "users: added 2\nsessions: added 1\naudit: added 2\nnothing was written (--dry-run)\n", ''], 'import --dry-run: the counts');
is_deeply([sql($to, 'SELECT count(*) FROM users', 'SELECT count(*) FROM audit_log', 'SELECT count(*) FROM refresh_tokens')], [[0], [0], [0]], '... and nothing is written, not even an audit entry');
is(tool($to, 'import', '--in', '-', { stdin => slurp("$from/one") })->{out}, "users: added 2\nsessions: added 1\naudit: added 2\n", 'import --in -: standard input');
is_deeply(audit($to, 'import'), ['authplatform; users added 2; sessions added 1; audit added 2'], '... in the audit');
is(tool($to, 'import', '--in', "$from/one")->{out}, "users: unchanged 2\nsessions: unchanged 1\naudit: unchanged 2\n", '... again');
my $json = json(tool($to, 'import', '--json', '--dry-run', '--in', "$from/one"));
my %none = (added => 0, replaced => 0, unchanged => 0, kept => 0, conflicts => 0, left_out => 0);
is_deeply($json, { format => 'authplatform', dry_run => JSON::PP::true, users => { %none, unchanged => 2 }, sessions => { %none, unchanged => 1 }, invites => {%none}, audit => { %none, unchanged => 2 }, conflicts => [], notes => [] }, '... as JSON');

# What another account has, and what was changed here since.
my ($head, @lines) = split /\n/, slurp("$from/one");
my ($one) = grep { $_->{session} } map { $codec->decode($_) } @lines;
my $other = write_file("$from/other", "$head\n" . $codec->encode({ session => { %{ $one->{session} }, user_id => $id{bob} } }) . "\n");
my $why   = 'its id is that of a session of another account';
my $clash = tool($to, 'import', '--json', '--in', $other);
is_deeply(json($clash)->{conflicts}, [{ kind => 'session', id => id(1), email => undef, why => $why }], 'a session of another account is a conflict');
like($clash->{err}, qr/^authplatform: conflict: session ${\id(1)}: $why$/m, '... on standard error, without an address');
is(json($clash)->{dry_run}, JSON::PP::false, '... which was no dry run');
is(tool($to, qw(user delete --yes --email ada@example.org))->{status}, 0, 'an account is deleted here');
my $kept = tool($to, 'import', '--in', "$from/one");
like($kept->{err}, qr/^authplatform: kept: user $id{ada} \(ada\@example\.org\): the account was deleted in this store$/m, '... and stays so, which is said');
is($kept->{out}, "users: unchanged 1, kept 1\nsessions: left out 1\naudit: unchanged 2\n", '... and counted');
like($kept->{err}, qr/^authplatform: 1 sessions of accounts listed above are left out$/m, '... with its session');

# A file of more rows than its header says was written while accounts were made: nothing to warn of.
my $grown = $codec->decode($head);
$grown->{counts} = { users => 1, sessions => 0, invites => 0, audit => 0 };
is_deeply(json(tool($to, 'import', '--json', '--dry-run', '--in', write_file("$from/grown", join '', map {"$_\n"} $codec->encode($grown), @lines[0, 1])))->{notes}, [], 'more rows than the header says: no warning');

# A file that is refused in its second row, for real and as a dry run; and one that is refused as a whole.
my $broken = write_file("$from/broken", "$head\n$lines[0]\n{\"user\"\n");
my $whole  = write_file("$from/whole", "no export\n");
my $count  = @{ audit($to, 'import') };
# Rows of a server with another key are left out: they count as a part of the file.
my $foreign = write_file("$from/foreign", ($head =~ s/("key":")[0-9a-f]{16}/${1}0123456789abcdef/r) . "\n" . $codec->encode($one) . "\n{\"session\"\n");
for my $case ([$foreign, 1, 1], [$broken, 1, 1, '--format', 'authplatform'], [$broken, 0, 0, '--dry-run'], [$whole, 0, 0]) {
    my ($file, $notes, $entries, @more) = @$case;
    my $no = tool($to, 'import', '--in', $file, @more);
    is_deeply([@{$no}{qw(status out)}], [1, ''], "refused @more: status 1");
    is(scalar(() = $no->{err} =~ /^authplatform: what stands before has been imported; the import can be repeated$/mg), $notes, '... and whether a part of it was taken');
    my $now = @{ audit($to, 'import') };
    is($now - $count, $entries, '... which the audit notes');
    $count = $now;
}

# --- another system's file, longer than two batches ---------------------------------------------------------------------
my ($csv, @want) = ("email,name,password_hash\n");
for my $row (1 .. 2504) {
    my $good = $row % 5 < 3;
    push @want, "p$row\@example.com" if $good;
    $csv .= $good ? "p$row\@example.com,,\n" : "no address $row,,\n";
}
my $big = tool($to, 'import', '--json', '--format', 'csv', '--in', write_file("$from/big.csv", $csv));
my $all = json($big);
is_deeply([@{ $all->{users} }{qw(added left_out)}], [scalar @want, 2504 - @want], 'a table of 2,504 rows, some of which are no account');
is_deeply([map { $_->[0] } sql($to, q{SELECT email FROM users WHERE email LIKE '%example.com' ORDER BY CAST(substr(email, 2) AS INTEGER)})], \@want, '... each of the others is there');
is(scalar @{ $all->{notes} }, 1000, '... the answer has 1,000 notes');
is(scalar(() = $big->{err} =~ /: skipped$/mg), 2504 - @want, '... and standard error all of them');
like(audit($to, 'import')->[-1], qr/\Acsv; users added ${\scalar @want}, left out ${\(2504 - @want)}\z/, '... the audit has the counts');
like(tool($to, 'import', '--format', 'csv', '--in', "$from/big.csv", '--dry-run')->{out}, qr/\Ausers: (?:unchanged|kept) ${\scalar @want}, left out ${\(2504 - @want)}\nnothing was written \(--dry-run\)\n\z/, '... for people, again');

# --- progress at a terminal ---------------------------------------------------------------------------------------------
SKIP: {
    skip 'Linux pseudo-terminals only', 4 if !available();
    my $tool = start($to, 'export', '--out', "$to/watched");
    ok(expect($tool, qr/\r\d+ rows, \d+ a second, \d+ %, \d+:\d\d left\e\[K/), 'an export shows how much is left');
    is(finish($tool), 0, '... status 0');
    release($tool);
    $tool = start($to, 'import', '--in', "$to/watched");
    ok(expect($tool, qr/\r\d+ rows, \d+ a second, \d+ %, \d+:\d\d left\e\[K/), 'an import does, too');
    ok(expect($tool, qr/\r\e\[K(?:authplatform: [^\n]*\n)*users: /), '... and clears the line before its counts');
    release($tool);
}
done_testing;
