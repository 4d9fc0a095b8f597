#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The owner of files that the tool makes: if root runs it, the owner of the state folder.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run folder env_file write_file);
use File::Find qw(find);
use POSIX ();
use Test::More;

my $nobody = (getpwnam 'nobody')[2] // 65534;

# uid => 1 of everything below a folder.
sub owners {
    my ($dir) = @_;
    my %seen;
    find(sub { $seen{ (lstat $_)[4] } = 1 }, $dir);
    return [sort keys %seen];
}

my @create = ('user', 'create', '--role', 'admin', '--email', 'a@b.c');

my $dir = folder();
my $file = env_file($dir);
my $fresh = run(['--env-file', $file, @create], stdin => "three calm words\n");
is($fresh->{status}, 0, 'a state folder that does not exist yet') or diag $fresh->{err};
is_deeply(owners("$dir/state"), [$>], '... is made, and is ours');
if ($> == 0) {
    like($fresh->{err}, qr/note: .*belongs to root/, '... with a note');
} else {
    is($fresh->{err}, '', '... without a word');
}

SKIP: {
    skip 'needs root', 15 if $> != 0;
    my $theirs = folder();
    my $env = env_file($theirs);
    mkdir "$theirs/state", 0700 or die $!;
    chown $nobody, $nobody, "$theirs/state" or die $!;
    my $made = run(['--env-file', $env, @create], stdin => "three calm words\n");
    is($made->{status}, 0, 'root on the folder of another user') or diag $made->{err};
    is($made->{err}, '', '... without a word');
    is_deeply(owners("$theirs/state"), [$nobody], '... leaves files of that user only');

    # A folder of httpd's User may also be writable for its group. The tool then works as that user, so root opens nothing in it.
    for my $mode (0770, 0775, 0777) {
        my $open = folder();
        my $with = env_file($open);
        mkdir "$open/state", 0700 or die $!;
        chown $nobody, $nobody, "$open/state" or die $!;
        chmod $mode, "$open/state" or die $!;
        my $done = run(['--env-file', $with, 'migrate']);
        is($done->{status}, 0, sprintf 'root on a folder of another user with mode %o', $mode) or diag $done->{err};
        is_deeply(owners("$open/state"), [$nobody], '... leaves files of that user only');
    }

    my $own = folder();
    chown $nobody, $nobody, $own or die $!;
    my $readable = env_file($own);
    chown $nobody, $nobody, $readable or die $!;
    my $plain = run([@create], stdin => "three calm words\n", dir => $own, uid => $nobody);
    is($plain->{status}, 0, 'an ordinary user, with the .env of the current folder') or diag $plain->{err};
    is($plain->{err}, '', '... without a word, because the folder is not root\'s');
    is_deeply(owners("$own/state"), [$nobody], '... makes files of that user');

    my $locked = folder();
    my $shared = env_file($locked);
    chown $nobody, $nobody, $shared or die $!;
    mkdir "$locked/state", 0755 or die $!;
    my $refused = run(['--env-file', $shared, @create], stdin => "three calm words\n", uid => $nobody);
    is($refused->{status}, 1, "an ordinary user on root's folder: status 1");
    like($refused->{err}, qr/belongs to user root/, '... says whose it is');
    is_deeply(owners("$locked/state"), [0], '... and leaves nothing behind');
}

my $odd = folder();
my $env = env_file($odd);
open my $plain, '>', "$odd/state" or die $!;
close $plain;
my $no = run(['--env-file', $env, 'migrate']);
is($no->{status}, 1, 'a file where the folder should be: status 1');
like($no->{err}, qr/\Aauthplatform: AUTH_STATE_DIR in \S+: \Q$odd\E\/state is not a folder\n\z/, '... and that is what is said');
is(run(['--env-file', env_file($odd, AUTH_STORE => "sqlite:$odd/state/x.db"), 'migrate'])->{status}, 1, '... a store of its own in it, too');

# --- what another user may have put where a file is expected ----------------------------------------------------------
# Even as root the tool does not wait for such a file and does not touch the target of a link. The exit status is 1, and the message names
# the file.
my %plant = (
    'a FIFO'                => sub { my ($at) = @_; POSIX::mkfifo($at, 0600) or die $! },
    'a symbolic link'       => sub { my ($at, $target) = @_; symlink $target, $at or die $! },
    'a folder'              => sub { my ($at) = @_; mkdir $at, 0700 or die $! },
    'more than one name'    => sub { my ($at, $target) = @_; link $target, $at or die $! },
);

# Returns everything that chown, chmod or a write would change.
sub state_of { my ($path) = @_; return join ' ', (lstat $path)[2 .. 5, 7, 9, 10] }

sub refused {
    my ($what, $named, $args, %how) = @_;
    my $began = time;
    my $run   = run($args, %how);
    is($run->{status}, 1, "$what: status 1");
    like($run->{err}, qr/\Q$named\E/, '... names it') or diag $run->{err};
    cmp_ok(time - $began, '<', 8, '... at once');
    is($run->{out}, '', '... and does nothing');
    return $run;
}

for my $suffix ('', '-wal', '-shm', '-journal') {
    for my $kind (sort keys %plant) {
        my $there  = folder();
        my $target = write_file("$there/target", "precious\n", 0600);
        my $named  = "$there/state/auth_platform.db$suffix";
        my $with   = env_file($there);
        mkdir "$there/state", 0700 or die $!;
        write_file("$there/state/auth_platform.db", '') if $suffix;
        $plant{$kind}->($named, $target);
        if ($> == 0) {
            chown $nobody, $nobody, "$there/state" or die $!;
            chown $nobody, $nobody, "$there/state/auth_platform.db" if $suffix;
        }
        my $before = state_of($target);
        my $run = refused("auth_platform.db$suffix is $kind", $named, ['--env-file', $with, @create], stdin => "12345678\n");
        like($run->{err}, qr/\Q$kind\E/, '... and says what it is') or diag $run->{err};
        is(state_of($target), $before, '... and leaves its target alone');
    }
}

# The .env file, also in a folder of its own that another user can write.
for my $kind (sort keys %plant) {
    my $there = folder();
    my $real  = env_file($there);
    my $named = "$there/other.env";
    $plant{$kind}->($named, $real);
    my $run = refused("an env file that is $kind", $named, ['--env-file', $named, 'migrate']);
    like($run->{err}, qr/\Q$kind\E/, '... and says what it is') or diag $run->{err};
}

# The state folder: a symbolic link, and a folder of root's that others can write.
my $linked = folder();
my $through = env_file($linked);
mkdir "$linked/elsewhere", 0700 or die $!;
symlink "$linked/elsewhere", "$linked/state" or die $!;
my $led = refused('a state folder that is a link', "$linked/state", ['--env-file', $through, @create], stdin => "12345678\n");
is($led->{err}, "authplatform: $linked/state is not a folder but a symbolic link\n", '... and that is what is said');
is_deeply([glob "$linked/elsewhere/*"], [], '... and nothing is made behind it');

SKIP: {
    skip 'needs root', 18 if $> != 0;
    for my $mode (01777, 0770, 0702) {
        my $open = folder();
        my $with = env_file($open);
        mkdir "$open/state" or die $!;
        chmod $mode, "$open/state" or die $!;
        refused(sprintf("root's folder of mode %04o, that others can write", $mode), "$open/state", ['--env-file', $with, @create], stdin => "12345678\n");
        is_deeply([glob "$open/state/*"], [], '... and makes nothing in it');
        chmod 0755, "$open/state" or die $!;
        is(run(['--env-file', $with, @create], stdin => "three calm words\n")->{status}, 0, '... taken once nobody else can');
    }
    # An ordinary user who may either list the folder or write it, but not both.
    for my $mode (0500, 0600) {
        my $half = folder();
        my $with = env_file($half);
        mkdir "$half/state" or die $!;
        chmod $mode, "$half/state" or die $!;
        chown $nobody, $nobody, $with, "$half/state" or die $!;
        my $run = run(['--env-file', $with, @create], stdin => "12345679\n", uid => $nobody);
        is($run->{status}, 1, sprintf('a folder of mode %04o: status 1', $mode));
        like($run->{err}, qr/\Aauthplatform: \Q$half\E\/state belongs to user nobody: run this as that user or as root\n\z/, '... refused by name, before the store is tried');
    }
}

# If the folder cannot be made, no message says that it was made.
my $lost = folder();
my $absent = run(['--env-file', env_file($lost, AUTH_STATE_DIR => "$lost/no/such"), @create], stdin => "three calm words\n");
is($absent->{status}, 1, 'a state folder in a folder that is not there: status 1');
unlike($absent->{err}, qr/note: made/, '... and no word of having made it');

# Another store has no such files, so the folder and its owner do not matter.
for my $mode (0777, 0500) {
    my $other = folder();
    my $with = env_file($other, AUTH_STORE => 'mongodb', MONGODB_URI => 'mongodb://127.0.0.1:1/', MONGODB_DB => 'none');
    mkdir "$other/state" or die $!;
    chmod $mode, "$other/state" or die $!;
    chown $nobody, $nobody, $with or die $! if $> == 0;
    my $run = run(['--env-file', $with, 'user', 'list'], $> == 0 && $mode == 0500 ? (uid => $nobody) : ());
    is($run->{status}, 1, sprintf('MongoDB that is not there, beside a folder of mode %04o: status 1', $mode));
    like($run->{err}, qr/^authplatform: the store cannot be reached/m, '... for that alone');
    unlike($run->{err}, qr/\Q$other\E\/state/, '... and not because of the folder');
}

# The file of the writer queue exists while the tool runs, and is removed afterwards.
my ($dev, $ino) = stat "$dir/state/auth_platform.db";
is_deeply([glob sprintf '/dev/shm/authp-*-%x-%x*', $dev, $ino], [], 'nothing is left in /dev/shm');
is((stat "$dir/state/auth_platform.db")[2] & 07777, 0600, 'the database is private');

done_testing();
