#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Whose files the tool makes: as root those of the state folder's owner.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run folder env_file);
use File::Find qw(find);
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
my $fresh = run(['--env-file', $file, @create], stdin => "12345678\n");
is($fresh->{status}, 0, 'a state folder that does not exist yet') or diag $fresh->{err};
is_deeply(owners("$dir/state"), [$>], '... is made, and is ours');
if ($> == 0) {
    like($fresh->{err}, qr/note: .*belongs to root/, '... with a note');
} else {
    is($fresh->{err}, '', '... without a word');
}

SKIP: {
    skip 'needs root', 8 if $> != 0;
    my $theirs = folder();
    my $env = env_file($theirs);
    mkdir "$theirs/state", 0700 or die $!;
    chown $nobody, $nobody, "$theirs/state" or die $!;
    my $made = run(['--env-file', $env, @create], stdin => "12345678\n");
    is($made->{status}, 0, 'root on the folder of another user') or diag $made->{err};
    is($made->{err}, '', '... without a word');
    is_deeply(owners("$theirs/state"), [$nobody], '... leaves files of that user only');

    my $own = folder();
    chown $nobody, $nobody, $own or die $!;
    my $readable = env_file($own);
    chown $nobody, $nobody, $readable or die $!;
    my $plain = run([@create], stdin => "12345678\n", dir => $own, uid => $nobody);
    is($plain->{status}, 0, 'an ordinary user, with the .env of the current folder') or diag $plain->{err};
    is_deeply(owners("$own/state"), [$nobody], '... makes files of that user');

    my $locked = folder();
    my $shared = env_file($locked);
    chown $nobody, $nobody, $shared or die $!;
    mkdir "$locked/state", 0755 or die $!;
    my $refused = run(['--env-file', $shared, @create], stdin => "12345678\n", uid => $nobody);
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

done_testing();
