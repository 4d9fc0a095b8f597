#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The running tool as the kernel sees it: user, groups, umask, signals; and how it ends.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file program sql slurp);
use AuthPlatform::Terminal qw(available start expect type echoes finish release process);
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'Linux only' if !available();

my ($nobody, $nogroup) = (getpwnam 'nobody')[2, 3];
my %number = (HUP => 1, INT => 2, QUIT => 3, PIPE => 13, TERM => 15, TSTP => 20);

# Returns the names of the signals in a mask of /proc.
sub signals {
    my ($mask) = @_;
    return [grep { hex(substr $mask, -8) >> ($number{$_} - 1) & 1 } sort keys %number];
}

sub create { my ($dir, $email) = @_; return start($dir, 'user', 'create', '--role', 'admin', '--email', $email) }

# --- at the prompt --------------------------------------------------------------------------------------------------------
my $dir = folder();
# With cost 14 a hash takes so long that the test can look at the process. No test waits for its end.
my $file = env_file($dir, BCRYPT_ROUNDS => 14);
if ($> == 0) {
    mkdir "$dir/state", 0700 or die $!;
    chown $nobody, $nogroup, "$dir/state" or die $!;
}
my ($gid, $groups) = ($(, $));
$) = '0 0 4 27' if $> == 0; # the groups that a login of root has
my $tool = create($dir, 'a@b.c');
($(, $)) = ($gid, $groups);
ok(expect($tool, qr/Password: \z/), 'asks for a password');
my $asks = process($tool);
SKIP: {
    skip 'needs root', 3 if $> != 0;
    is($asks->{Uid}, join("\t", ($nobody) x 4), 'is the owner of the state folder by then, for good');
    is($asks->{Gid}, join("\t", ($nogroup) x 4), '... of its group');
    is($asks->{Groups}, $nogroup, "... and of none of root's");
}
is($asks->{Umask}, '0077', 'what it makes is its own');
is_deeply(signals($asks->{SigIgn}), ['PIPE'], 'a closed pipe does not kill it');
is_deeply(signals($asks->{SigCgt}), [qw(HUP INT QUIT TERM TSTP)], 'what would leave the terminal without echo is caught');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/Password: \r\nThe same again: \z/), 'the second question is on a line of its own');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/again: \r\n\z/), '... and what follows too');

# --- what a call leaves behind ---------------------------------------------------------------------------------------------
# libmongoc makes a file for each process before main(), unless MONGOC_DISABLE_SHM is set. If root starts the tool, the tool is another user
# when it ends, and could not remove that file.
SKIP: {
    skip 'no /dev/shm', 2 if !-d '/dev/shm';
    my $binary = program();
    my $left = fork() // die "fork: $!";
    if (!$left) {
        open STDOUT, '>', '/dev/null' or die "stdout: $!";
        %ENV = (PATH => '/usr/bin:/bin', map { $_ => $ENV{$_} } grep { /^[A-Z]+SAN_OPTIONS$/ } keys %ENV);
        exec {$binary} 'authplatform', '--env-file', $file, 'user', 'list' or die "exec: $!";
    }
    waitpid $left, 0;
    is($?, 0, 'a call that has a file of libmongoc');
    ok(!-e "/dev/shm/mongoc-$left", '... leaves none');
}

# --- after it -------------------------------------------------------------------------------------------------------------
my $after  = {};
my $before = time;
while (time - $before < 15 && !(%{ $after = process($tool) } && !@{ signals($after->{SigCgt}) } && !@{ signals($after->{SigBlk}) })) {
    sleep 0.01;
}
is_deeply([map { signals($after->{$_} // 'ffffffffffffffff') } qw(SigCgt SigBlk SigIgn)], [[], [], ['PIPE']], 'after the prompt signals do what they did before');
kill 'INT', $tool->{pid};
is(finish($tool), 130, '... and end it');
release($tool);
is_deeply(json(run(['--env-file', $file, qw(user list --json)]))->{items}, [], '... before the account is made');

# A signal that was ignored at the start stays ignored, as under nohup.
{
    local @AuthPlatform::Terminal::ignored = ('HUP');
    $tool = create($dir, 'h@b.c');
}
expect($tool, qr/Password: \z/);
my $deaf = process($tool);
is_deeply([signals($deaf->{SigCgt}), signals($deaf->{SigIgn})], [[qw(INT QUIT TERM TSTP)], [qw(HUP PIPE)]], 'an ignored signal is not caught at the prompt');
kill 'HUP', $tool->{pid};
type($tool, "correct horse 9\n");
ok(expect($tool, qr/again: \z/), '... and does not end it');
# The repetition is longer than the first password, or shorter.
type($tool, "correct horse 99\n");
ok(expect($tool, qr/the two passwords differ/), 'a longer repetition differs');
is(finish($tool), 1, '... status 1');
release($tool);
$tool = create($dir, 's@b.c');
expect($tool, qr/Password: \z/);
type($tool, "correct horse 9\n");
expect($tool, qr/again: \z/);
type($tool, "correct horse\n");
ok(expect($tool, qr/the two passwords differ/), '... and so does a shorter one');
release($tool);

# An interrupt at the second question works like one at the first.
$tool = create($dir, 'i@b.c');
expect($tool, qr/Password: \z/);
type($tool, "correct horse 9\n");
expect($tool, qr/again: \z/);
kill 'TERM', $tool->{pid};
is(finish($tool), 143, 'SIGTERM at the second question ends it');
is(echoes($tool), 1, '... the terminal echoes');
release($tool);

# --- what was typed -------------------------------------------------------------------------------------------------------
my $quick = folder();
my $with  = env_file($quick);
sub quick { my ($args, %how) = @_; return run(['--env-file', $with, @{$args}], %how) }
my $made = 0;
sub make { my ($typed) = @_; return quick([qw(user create --role admin --email), 'x' . ++$made . '@b.c'], stdin => $typed) }
like(make("1q2w3e7\r\n")->{err}, qr/at least 8 characters/, 'the end of a line from Windows is no character of the password');
is(make("1q2w3e78\r\n")->{status}, 0, '... which is taken as it is without');
like(make("\n")->{err}, qr/no password was given/, 'an empty line is none');
like(make("\nthree calm words\n")->{err}, qr/no password was given/, '... nor is the next one taken for it');
is(make("three calm words\nand more")->{status}, 0, 'what is behind the line does not matter');
for my $case ([72, 0, qr/\A\z/], [73, 1, qr/at most 72 bytes/], [1024, 1, qr/at most 72 bytes/], [1025, 1, qr/too long/]) {
    my ($length, $status, $message) = @{$case};
    my $answer = make('q7' x ($length / 2) . 'x' x ($length % 2) . "\n");
    is($answer->{status}, $status, "a password of $length bytes: status $status");
    like($answer->{err}, $status ? $message : qr/\A(?:authplatform: note: made .*)?\z/s, '... and what is said about it');
}

# Only exactly this word deletes.
my $victim = json(quick([qw(user create --json --role candidate --email v@b.c)], stdin => "three calm words\n"))->{id};
for my $typed ('yes!', 'yes yes', 'Yes', 'YES', 'y', 'ye', ' yes', 'no', '') {
    $tool = start($quick, qw(user delete --id), $victim);
    expect($tool, qr/yes: \z/);
    type($tool, "$typed\n");
    is(finish($tool), 1, "\"$typed\" deletes nothing");
    release($tool);
}
is(quick([qw(user show --id), $victim])->{status}, 0, '... indeed');

# --- where it says what ---------------------------------------------------------------------------------------------------
# The reader of the output is gone: this is an error like any other.
sub unread {
    my (@args) = @_;
    my $there = folder();
    pipe my $reader, my $writer or die $!;
    close $reader;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        local $SIG{PIPE} = 'DEFAULT';
        open STDIN,  '<', '/dev/null' or die $!;
        open STDOUT, '>&', $writer or die $!;
        open STDERR, '>', "$there/err" or die $!;
        exec { program() } 'authplatform', @args or die $!;
    }
    close $writer;
    waitpid $pid, 0;
    return [$?, slurp("$there/err")];
}
is_deeply(unread('--env-file', $with, @{$_}), [1 << 8, "authplatform: the answer could not be written\n"], "@{$_}: an answer that nobody reads: status 1") for ['secret'], [qw(user list)], ['--help'];

# At a terminal the person sees how far an export is, also if the export itself goes elsewhere, and it has no part of that.
{
    local $AuthPlatform::Terminal::output = "$quick/export.jsonl";
    $tool = start($quick, 'export');
}
ok(expect($tool, qr/\r\d+ rows, \d+ a second/), 'an export to a file shows its progress at the terminal');
ok(expect($tool, qr/\r\e\[Kauthplatform: exported users \d+, /), '... and then what it has written');
is(finish($tool), 0, '... status 0');
release($tool);
unlike(slurp("$quick/export.jsonl"), qr/[\r\e]/, '... the file has rows only');
unlike(quick([qw(export --out), "$quick/other.jsonl"])->{err}, qr/[\r\e]/, 'without a terminal there is no progress');

# The change is made although its audit entry fails. The failure is a line on standard error.
sql($quick, q{CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN SELECT RAISE(FAIL, 'no'); END});
my $done = quick([qw(user disable --json --id), $victim]);
is($done->{status}, 0, 'a change that the audit cannot note is made');
ok(json($done)->{disabled}, '... and shown');
like($done->{err}, qr/^authplatform: .*audit event user_change .*could not be stored/m, '... with a warning');

# A .env file of root's belongs to the operator: it is not refused as another user's file, although this user cannot read it.
SKIP: {
    skip 'needs root', 2 if $> != 0;
    my $answer = run(['check-config'], dir => $quick, uid => $nobody);
    is($answer->{status}, 1, "root's private .env, for another user: status 1");
    like($answer->{err}, qr/\.env: .*Permission denied/, '... cannot be read, and that is what is said');
}

done_testing();
