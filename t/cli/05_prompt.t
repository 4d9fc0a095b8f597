#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The password on a terminal: asked twice, without echo, and the terminal is as it was afterwards, signals or not.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(program run json folder env_file);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'Linux pseudo-terminals only' if $^O ne 'linux' || !-c '/dev/ptmx';

use constant { TIOCGPTN => 0x80045430, TIOCSPTLCK => 0x40045431, TIOCSCTTY => 0x540E };

my $dir = folder();
my $file = env_file($dir);
my $number = 0;

# The tool on a terminal of its own: {pid, master, slave, seen}.
sub start {
    my (@args) = @_;
    open my $master, '+<', '/dev/ptmx' or die "ptmx: $!";
    my $unlock = pack 'i', 0;
    ioctl $master, TIOCSPTLCK, $unlock or die "unlock: $!";
    my $which = pack 'I', 0;
    ioctl $master, TIOCGPTN, $which or die "number: $!";
    my $name = '/dev/pts/' . unpack 'I', $which;
    open my $slave, '+<', $name or die "$name: $!";
    my $binary = program();
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::setsid();
        chdir $dir or die "chdir: $!"; # where a core of SIGQUIT does no harm
        close $master;
        ioctl $slave, TIOCSCTTY, 0 or die "tty: $!";
        open STDIN,  '<&', $slave or die $!;
        open STDOUT, '>&', $slave or die $!;
        open STDERR, '>&', $slave or die $!;
        close $slave;
        exec {$binary} 'authplatform', '--env-file', $file, @args or die "exec: $!";
    }
    return { pid => $pid, master => $master, slave => $slave, seen => '' };
}

sub create {
    return start('user', 'create', '--role', 'admin', '--email', 'p' . ++$number . '@example.org');
}

# Reads until the pattern shows, at most 20 seconds.
sub expect {
    my ($tool, $pattern) = @_;
    my $until = time + 20;
    while ($tool->{seen} !~ $pattern && time < $until) {
        my $in = '';
        vec($in, fileno $tool->{master}, 1) = 1;
        next if !select $in, undef, undef, 0.2;
        sysread $tool->{master}, $tool->{seen}, 4096, length $tool->{seen} or last;
    }
    return $tool->{seen} =~ $pattern;
}

sub type {
    my ($tool, $text) = @_;
    syswrite $tool->{master}, $text;
    return;
}

sub echoes {
    my ($tool) = @_;
    my $termios = POSIX::Termios->new;
    $termios->getattr(fileno $tool->{slave}) or die "tcgetattr: $!";
    return $termios->getlflag & POSIX::ECHO() ? 1 : 0;
}

# Status as the shell has it; ends a tool that does not end itself.
sub finish {
    my ($tool) = @_;
    my $until = time + 20;
    while (time < $until) {
        if (waitpid($tool->{pid}, POSIX::WNOHANG()) > 0) {
            my $status = $?;
            return $status & 127 ? 128 + ($status & 127) : $status >> 8;
        }
        sleep 0.05;
    }
    kill 'KILL', $tool->{pid};
    waitpid $tool->{pid}, 0;
    return 'did not end';
}

my $tool = create();
ok(expect($tool, qr/Password: \z/), 'asks');
is(echoes($tool), 0, '... without echo');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/again: \z/), '... twice');
is(echoes($tool), 0, '... without echo again');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/made user/), '... and makes the account');
is(finish($tool), 0, '... status 0');
is(echoes($tool), 1, '... the terminal echoes again');
unlike($tool->{seen}, qr/correct/, '... and never showed the password');

$tool = create();
expect($tool, qr/Password: \z/);
type($tool, "correct horse 9\n");
expect($tool, qr/again: \z/);
type($tool, "correct horse 8\n");
ok(expect($tool, qr/differ/), 'two different ones');
is(finish($tool), 1, '... status 1');
is(echoes($tool), 1, '... the terminal echoes');
is(scalar @{ json(run(['--env-file', $file, 'user', 'list', '--json', '--email', "p$number\@"]))->{items} },
    0, '... and there is no account');

for my $signal (qw(INT TERM HUP QUIT)) {
    $tool = create();
    expect($tool, qr/Password: \z/);
    type($tool, 'half a pass');
    kill $signal, $tool->{pid};
    my %number = (INT => 2, TERM => 15, HUP => 1, QUIT => 3);
    is(finish($tool), 128 + $number{$signal}, "SIG$signal ends it");
    is(echoes($tool), 1, '... the terminal echoes');
}

# Ctrl-Z: stopped with the terminal as it was; asks again when continued.
$tool = create();
expect($tool, qr/Password: \z/);
kill 'TSTP', $tool->{pid};
$tool->{seen} = '';
kill 'CONT', $tool->{pid};
# Where nobody could continue it (an orphaned process group), the stop is ignored and it asks again at once.
ok(expect($tool, qr/Password: \z/), 'continued: asks again');
is(echoes($tool), 0, '... without echo');
type($tool, "correct horse 9\n");
expect($tool, qr/again: \z/);
kill 'WINCH', $tool->{pid};
type($tool, "correct horse 9\n");
ok(expect($tool, qr/made user/), '... and goes on');
is(finish($tool), 0, '... status 0');

$tool = create();
expect($tool, qr/Password: \z/);
type($tool, "\cD");
is(finish($tool), 1, 'end of input: status 1');
is(echoes($tool), 1, '... the terminal echoes');

done_testing();
