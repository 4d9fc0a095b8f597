#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# export and import: everything of one store comes to another one and back, row by row, and people stay signed in. From SQLite to the store
# of this run, and to SQLite again.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder slurp write_file program);
use AuthPlatform::Httpd;
use AuthPlatform::Shim qw(build_shim);
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $dir      = folder();
my $password = 'three calm words';
my $codec    = JSON::PP->new->utf8->canonical;

# Servers with one key. Only the second one may be on another store than SQLite.
my $old = AuthPlatform::Httpd->new(settings => "AUTH_STORE=sqlite\n");
my ($key) = slurp("$old->{dir}/.env") =~ /^(JWT_SECRET_KEY=.*\n)/m;

sub server {
    my (%o) = @_;
    my $httpd = AuthPlatform::Httpd->new(%o);
    my $text  = slurp("$httpd->{dir}/.env");
    $text =~ s/^JWT_SECRET_KEY=.*\n/$key/m if !$o{own_key};
    write_file("$httpd->{dir}/.env", $text);
    return $httpd;
}

sub tool {
    my ($httpd, @args) = @_;
    my %how = ref $args[-1] ? %{ pop @args } : ();
    return run(['--env-file', "$httpd->{dir}/.env", @args], stdin => "$password\n", %how);
}

sub export_of {
    my ($httpd, $name) = @_;
    my $answer = tool($httpd, 'export', '--out', "$dir/$name", '--json');
    is($answer->{status}, 0, "export to $name") or diag $answer->{err};
    return "$dir/$name";
}

# Imports a file, which must work, and returns the counts: {users => {added => 1, ...}, ...}
sub import_into {
    my ($httpd, $file, @more) = @_;
    my $answer = tool($httpd, 'import', '--in', $file, '--json', @more);
    is($answer->{status}, 0, "import of $file @more") or diag $answer->{err};
    my $json = json($answer);
    for my $kind (qw(users sessions invites audit)) {
        my $counts = $json->{$kind};
        $json->{$kind} = join ' ', map { $counts->{$_} ? "$_ $counts->{$_}" : () } sort keys %{$counts};
    }
    return { %{$json}, err => $answer->{err} };
}

# The rows of a file in a form that can be compared, without what export and import note about themselves.
sub rows {
    my ($file) = @_;
    my ($header, @lines) = map { $codec->decode($_) } split /\n/, slurp($file);
    return [map { $codec->encode($_) } grep { !$_->{audit} || $_->{audit}{event} !~ /\A(?:ex|im)port\z/ } @lines];
}

sub header { my ($file) = @_; return $codec->decode((split /\n/, slurp($file))[0]) }

# People on the old server: signed in, signed in and renewed, signed out, disabled, an invite that was used and one that was not.
$old->start;
my %tokens;
for my $who (qw(ada bob carol dan)) {
    $tokens{$who} = $old->api('/register', { email => "$who\@example.org", password => $password, name => "The \x{e9}minent $who" })->{json};
    ok($tokens{$who}{refresh_token}, "$who registers");
}
my $renewed = $old->api('/refresh', { refresh_token => $tokens{bob}{refresh_token} });
is($renewed->{status}, 200, 'bob renews');
$tokens{bob} = $renewed->{json};
ok($old->api('/logout', { refresh_token => $tokens{carol}{refresh_token} })->{status} < 300, 'carol signs out');
is(tool($old, 'user', 'disable', '--email', 'dan@example.org')->{status}, 0, 'dan is disabled');
my ($code) = tool($old, 'invite', 'create', '--email', 'eve@example.org')->{out} =~ /^code: +(\S+)/m;
is($old->api('/register/recruiter', { email => 'eve@example.org', password => $password, invite_code => $code })->{status}, 201, 'eve uses an invite');
is(tool($old, 'invite', 'create', '--email', 'fay@example.org')->{status}, 0, 'fay is invited');

my $first = export_of($old, 'first.jsonl');
is((stat $first)[2] & 07777, 0600, 'the file is for its owner only');
ok(!-e "$first.part", '... and has its name');

# Without a store there is no file, not even a part of one.
write_file("$dir/away.env", "AUTH_STORE=postgresql\nDATABASE_URL=postgresql://127.0.0.1:1/none\n$key");
my $away = run(['--env-file', "$dir/away.env", 'export', '--out', "$dir/away.jsonl"]);
isnt($away->{status}, 0, 'export from a store that is away fails');
is_deeply([glob "$dir/away.jsonl*"], [], '... and leaves no file');
my $unset = run(['--env-file', "$dir/there-is-none.env", 'export', '--out', "$dir/unset.jsonl"]);
isnt($unset->{status}, 0, 'export without settings fails');
is_deeply([glob "$dir/unset.jsonl*"], [], '... and leaves no file');
my $head = header($first);
is_deeply($head->{counts}, { users => 5, sessions => 5, invites => 2, audit => $head->{counts}{audit} }, 'the header counts');
is("$head->{authplatform} $head->{version} $head->{store}", 'export 1 sqlite', '... and says what it is');
like($head->{key}, qr/\A[0-9a-f]{16}\z/, '... and names the key');
my ($secret) = $key =~ /=(\S+)/;
unlike(slurp($first), qr/\Q$secret\E/, '... but does not have it');
unlike(slurp($first), qr/\Q$_\E/, '... nor a token or code') for $code, map { (split /\./, $_->{refresh_token})[-1] } @tokens{qw(ada bob)};

# Into the store of this run: a look first, then for real, then again.
my $new = server();
my $all = { users => 'added 5', sessions => 'added 5', invites => 'added 2', audit => "added $head->{counts}{audit}" };
for my $step (['--dry-run'], [], ['again']) {
    my $done = import_into($new, $first, grep { /^--/ } @{$step});
    my $want = { map { my $words = $all->{$_}; $words =~ s/added/unchanged/ if "@{$step}" eq 'again'; ($_ => $words) } keys %{$all} };
    is_deeply({ map { $_ => $done->{$_} } keys %{$want} }, $want, "... @{$step}");
    is_deeply([$done->{conflicts}, $done->{notes}], [[], []], '... without anything to note');
}
my $second = export_of($new, 'second.jsonl');
is_deeply(rows($second), rows($first), 'every row is as it was');
is(header($second)->{key}, $head->{key}, '... for the same key');
my $third = server(settings => "AUTH_STORE=sqlite\n");
import_into($third, $second);
is_deeply(rows(export_of($third, 'third.jsonl')), rows($first), 'and after a second move too');
like(tool($new, 'audit', 'list', '--json', '--event', 'import')->{out}, qr/"reason":"authplatform; users added 5; sessions added 5; invites added 2; audit added \d+"/, 'the audit tells it');

# People stay signed in, and only those.
$new->start;
$new->wait_for(sub { $new->get('/api/auth/readyz')->{status} == 200 }, 'not ready') for 1 .. 4;
is($new->get('/page.txt', bearer => $tokens{ada}{access_token})->{body}, "guarded\n", "ada's access token opens a guarded page");
for my $who (qw(ada bob)) {
    my $answer = $new->api('/refresh', { refresh_token => $tokens{$who}{refresh_token} });
    is($answer->{status}, 200, "$who is still signed in") or diag $answer->{body};
    is($new->get('/page.txt', bearer => $answer->{json}{access_token})->{status}, 200, '... and reads a guarded page');
    $tokens{$who} = $answer->{json};
}
is($new->api('/refresh', { refresh_token => $tokens{carol}{refresh_token} })->{status}, 401, 'carol is signed out');
is($new->api('/login', { email => 'dan@example.org', password => $password })->{status}, 401, 'dan is disabled');
is($new->api('/login', { email => 'carol@example.org', password => $password })->{status}, 200, 'carol signs in with her password');
is($new->api('/register/recruiter', { email => 'eve2@example.org', password => $password, invite_code => $code })->{json}{code}, 'invite_invalid', 'a used invite stays used');

# The old file again: what is newer here stays.
my $late = import_into($new, $first);
like($late->{sessions}, qr/\Akept 2 unchanged 3\z/, 'renewed sessions stay as they are');
is($new->api('/refresh', { refresh_token => $tokens{ada}{refresh_token} })->{status}, 200, '... ada is still signed in');

# The old server goes on; a second file brings what is newer there.
is(tool($old, 'user', 'set-roles', '--email', 'ada@example.org', '--roles', 'candidate,recruiter')->{status}, 0, 'ada gets a role on the old server');
is(tool($old, 'user', 'disable', '--email', 'carol@example.org')->{status}, 0, '... carol is disabled there');
my $delta = import_into($new, export_of($old, 'delta.jsonl'));
like($delta->{users}, qr/\breplaced 2\b/, 'two accounts are replaced');
is_deeply(json(tool($new, 'user', 'show', '--json', '--email', 'ada@example.org'))->{roles}, [qw(candidate recruiter)], '... with the new role');
is($new->api('/login', { email => 'carol@example.org', password => $password })->{status}, 401, '... and the lock');
is($new->get('/page.txt', bearer => $tokens{bob}{access_token})->{status}, 200, '... bob is not affected');

# Somebody else has the address: listed, and left out with the sessions.
my $other = server(settings => "AUTH_STORE=sqlite\n");
tool($other, 'user', 'create', '--role', 'candidate', '--email', 'ada@example.org');
my $clash = import_into($other, $first);
is($clash->{users}, 'added 4 conflicts 1', 'an address that is taken is a conflict');
is($clash->{sessions}, 'added 4 left_out 1', '... and its sessions are left out');
is($clash->{conflicts}[0]{email}, 'ada@example.org', '... named by its address');
like($clash->{err}, qr/^authplatform: conflict: user [0-9a-f]{24} \(ada\@example\.org\): its address is that of account [0-9a-f]{24}$/m, '... on standard error');

# One address for 1,002 accounts: the lists of the answer end after 1,000 lines, the counts and standard error have all of them.
my ($ada) = grep { $_->{user} && $_->{user}{email} eq 'ada@example.org' } map { $codec->decode($_) } split /\n/, slurp($first);
my @same = map { $codec->encode({ user => { %{ $ada->{user} }, id => sprintf('6c%022x', $_) } }) . "\n" } 1 .. 1002;
my $crowd = import_into(server(settings => "AUTH_STORE=sqlite\n"), write_file("$dir/same.jsonl", join '', (slurp($first) =~ /\A(.*\n)/), @same));
is($crowd->{users}, 'added 1 conflicts 1001', 'one address for 1,002 accounts');
is(scalar @{ $crowd->{conflicts} }, 1000, '... the answer lists 1,000 conflicts');
is(scalar(() = $crowd->{err} =~ /^authplatform: conflict: user /mg), 1001, '... standard error lists all');

# Another key: accounts come, sessions do not.
my $strange = server(settings => "AUTH_STORE=sqlite\n", own_key => 1);
my $without = import_into($strange, $first);
is($without->{sessions}, 'left_out 5', 'under another key no session is imported');
like($without->{notes}[0], qr/\A5 sessions are left out: .*JWT_SECRET_KEY/, '... which is said');
write_file("$strange->{dir}/.env", slurp("$strange->{dir}/.env") . ($key =~ s/JWT_SECRET_KEY/JWT_SECRET_KEY_PREVIOUS/r));
is(import_into($strange, $first)->{sessions}, 'added 5', '... with the previous key they are');

# Files that are refused, with the line; what stands before has been imported.
my @lines = map { "$_\n" } split /\n/, slurp($first);
my $factors = $lines[1] =~ s/\{"user":\{/{"user":{"factors":[{"kind":"totp"}],/r;
my %refused = (
    'an empty file'         => ['', 'the file is empty'],
    'foreign bytes'         => ["\x00\xff\x7fELF" x 100, 'this is not a file of `authplatform export`'],
    'other JSON'            => ["{\"users\":[]}\n", 'this is not a file of `authplatform export`'],
    'a newer version'       => [$lines[0] =~ s/"version":1/"version":2/r, 'the file is of a newer version of this tool'],
    'no version of ours'    => [$lines[0] =~ s/"version":1/"version":0/r, 'the header is damaged'],
    'a damaged header'      => [$lines[0] =~ s/"counts"/"count"/r, 'the header is damaged'],
    'a line that is cut'    => [join('', @lines[0 .. 2]) . substr($lines[3], 0, 60), 'line 4: it is no row: the file may be damaged or cut off'],
    'a row of a new kind'   => [$lines[0] . "{\"passkey\":{}}\n", 'line 2: rows of the kind "passkey" are unknown: the file may be of a newer version'],
    'a new member'          => [$lines[0] . ($lines[1] =~ s/"email"/"mail"/r), 'line 2: the member "mail" is unknown: the file may be of a newer version'],
    'a wrong value'         => [$lines[0] . ($lines[1] =~ s/"ver":1/"ver":"1"/r), 'line 2: the member "ver" has a wrong value'],
    'an account with factors' => [$lines[0] . $factors, 'line 2: the account has second factors, which this version cannot keep: --drop-factors imports it without them'],
);
my $empty = server(settings => "AUTH_STORE=sqlite\n");
for my $what (sort keys %refused) {
    my ($text, $why) = @{ $refused{$what} };
    my $answer = tool($empty, 'import', '--in', write_file("$dir/refused", $text));
    is($answer->{status}, 1, "$what: status 1");
    like($answer->{err}, qr/^authplatform: the file is refused: \Q$why\E$/m, '... says why');
}
is(json(tool($empty, 'user', 'list', '--json'))->{items}[1]{email}, 'bob@example.org', 'rows before a line that is cut are there');
like(tool($empty, 'audit', 'list', '--json', '--event', 'import')->{out}, qr/"reason":"authplatform; users added 2"/, '... and the audit tells it');
my $dropped = import_into($empty, write_file("$dir/factors", $lines[0] . $factors), '--drop-factors');
is_deeply($dropped->{notes}[-1], '1 accounts were read without their second factors', '--drop-factors is said');
my $short = import_into($empty, write_file("$dir/short", join '', @lines[0 .. 5]));
like($short->{notes}[0], qr/\Awarning: the file has 0 sessions instead of 5: /, 'fewer rows than the header says: a warning');

# Wrong use.
for my $case ([['export', '--json'], qr/same place as the answer/], [['import', '--format', 'excel'], qr/excel/]) {
    my $answer = tool($old, @{ $case->[0] });
    is($answer->{status}, 2, "@{$case->[0]}: status 2");
    like($answer->{err}, $case->[1], '... says why');
}
is(tool($old, 'export', '--out', "$dir/none/x")->{status}, 1, 'a folder that is not there: status 1');
is(tool($old, 'import', '--in', "$dir/none")->{status}, 1, 'a file that is not there: status 1');
like(tool($old, 'export')->{out}, qr/\A\{"authplatform":"export"/, 'without --out the export goes to standard output');

# Killed in the middle, again and again, then once to the end.
my @many = ($codec->encode({ %{$head}, counts => { users => 4000, sessions => 4000, invites => 0, audit => 0 } }) . "\n");
my ($user)    = grep { $_->{user} } map { $codec->decode($_) } @lines[1 .. 5];
my ($session) = grep { $_->{session} } map { $codec->decode($_) } @lines[6 .. 10];
my $id        = sub { my ($n) = @_; return sprintf '6b%022x', $n };
push @many, map { $codec->encode({ user => { %{ $user->{user} }, id => $id->($_), email => "p$_\@example.org", identities => [{ provider => 'google', issuer => 'https://g.example', sub => "$_", linked_at => 1, last_login => 2 }] } }) . "\n" } 1 .. 4000;
push @many, map { $codec->encode({ session => { %{ $session->{session} }, id => $id->($_), user_id => $id->($_) } }) . "\n" } 1 .. 4000;
my $many   = write_file("$dir/many.jsonl", join '', @many);
my $target = server();
my $kills  = 0;
for my $try (1 .. 5) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', '/dev/null' or die;
        open STDERR, '>', '/dev/null' or die;
        local %ENV = (PATH => '/usr/bin:/bin', MONGOC_DISABLE_SHM => 1);
        exec { program() } 'authplatform', '--env-file', "$target->{dir}/.env", 'import', '--in', $many or die;
    }
    sleep 0.03 * $try;
    $kills += kill 'KILL', $pid;
    waitpid $pid, 0;
}
ok($kills > 0, "killed $kills times");
my $rest = import_into($target, $many);
like($rest->{$_}, qr/\A(?:added \d+ ?)?(?:unchanged \d+)?\z/, "... then the rest of the $_ comes: $rest->{$_}") for qw(users sessions);
is_deeply(rows(export_of($target, 'many2.jsonl')), [map { $codec->encode($codec->decode($_)) } @many[1 .. $#many]], '... and nothing is missing or twice');

# What cannot be read is not taken for an empty file.
my $unread = tool($target, 'import', '--in', $dir);
is($unread->{status}, 1, 'import of a folder fails');
like($unread->{err}, qr/the file cannot be read: Is a directory/, '... with the reason');

# A killed export leaves no file under its name and no part (t/cli/14_move_words.t), and the next one works.
my $pid = fork // die "fork: $!";
if (!$pid) {
    local %ENV = (PATH => '/usr/bin:/bin', MONGOC_DISABLE_SHM => 1);
    exec { program() } 'authplatform', '--env-file', "$target->{dir}/.env", 'export', '--out', "$dir/killed.jsonl" or die;
}
my $until = time + 20;
sleep 0.002 while !-s "$dir/killed.jsonl.part" && !-e "$dir/killed.jsonl" && time < $until;
kill 'KILL', $pid;
waitpid $pid, 0;
sleep 0.01 while -e "$dir/killed.jsonl.part" && time < $until;
ok(!-e "$dir/killed.jsonl.part", 'a killed export leaves no part');
ok(!-e "$dir/killed.jsonl" || @{ rows("$dir/killed.jsonl") } == 8000, '... and no unfinished file under its name');
is(scalar @{ rows(export_of($target, 'killed.jsonl')) }, 8000, '... and the next one is whole');
ok(!-e "$dir/killed.jsonl.part", '... without the part');

is(system("ulimit -f 1000; MONGOC_DISABLE_SHM=1 ${\program()} --env-file $target->{dir}/.env export --out $dir/long.jsonl 2>$dir/said") >> 8, 1, 'an export beyond the limit of the size of a file');
is(slurp("$dir/said"), "authplatform: the export could not be written: File too large\n", '... says why');
is_deeply([glob "$dir/long*"], [], '... and leaves nothing');

# Two exports to one name at a time: the one that began first must not give the name to the unfinished file of the other.
my $twice = "$dir/twice.jsonl";
my @pair;
for my $which (1, 2) {
    my $before = (stat "$twice.part")[1] // 0;
    my $run = fork // die "fork: $!";
    if (!$run) {
        open STDERR, '>', "$dir/said$which" or die;
        local %ENV = (PATH => '/usr/bin:/bin', MONGOC_DISABLE_SHM => 1);
        exec { program() } 'authplatform', '--env-file', "$target->{dir}/.env", 'export', '--out', $twice or die;
    }
    push @pair, $run;
    $until = time + 20;
    sleep 0.001 while ((stat "$twice.part")[1] // $before) == $before && time < $until;
    kill 'STOP', $run;
}
my @status;
for my $which (1, 2) {
    kill 'CONT', $pair[$which - 1];
    waitpid $pair[$which - 1], 0;
    push @status, $? & 127 || $? >> 8, -e $twice ? 'named' : 'not named';
}
is_deeply(\@status, [1, 'not named', 0, 'named'], 'of two exports to one name the first fails');
like(slurp("$dir/said1"), qr/cannot write \Q$twice\E: another run of this tool has begun to write it/, '... says why');
is(scalar @{ rows($twice) }, 8000, '... and the second is whole');

# A power cut after an export that has ended leaves the whole file under its name: the rows are on the disk before the file gets its name,
# and the name is before the tool ends. A library notes what the tool asks of the disk.
SKIP: {
    skip 'a library loaded before the sanitizers is refused by them', 2 if $ENV{AUTHP_SANITIZE};
    my $noting = build_shim(<<'END');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void note(const char *what, const char *path)
{
    char line[512];
    int fd = open(getenv("TEST_NOTES"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    snprintf(line, sizeof(line), "%s %s\n", what, path);
    if (fd >= 0 && write(fd, line, strlen(line)) > 0) {
        close(fd);
    }
}
int fsync(int fd)
{
    char link[64], path[256] = {0};
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) > 0) {
        note("sync", path);
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
int rename(const char *from, const char *to)
{
    note("name", to);
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
END
    mkdir "$dir/safe" or die $!;
    my $safe = tool($target, 'export', '--out', "$dir/safe/it.jsonl", { env => { LD_PRELOAD => $noting, TEST_NOTES => "$dir/notes" } });
    is($safe->{status}, 0, 'an export whose calls are noted') or diag $safe->{err};
    is_deeply([grep { m{ \Q$dir\E/safe} } split /\n/, slurp("$dir/notes")], ["sync $dir/safe/it.jsonl.part", "name $dir/safe/it.jsonl", "sync $dir/safe"],
        '... syncs the file, names it, and syncs its folder');
}
done_testing;
