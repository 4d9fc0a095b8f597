# SPDX-License-Identifier: Apache-2.0
# The command line tool on a terminal of its own (Linux pseudo-terminals), for t/cli/*.t:
#   my $tool = start($dir, 'user', 'create', ...);  expect($tool, qr/Password: \z/);  type($tool, "...\n");  finish($tool);
# $dir has the .env and is where the tool runs. What is not finished is ended by release().
package AuthPlatform::Terminal;
use strict;
use warnings;
use AuthPlatform::Cli qw(program);
use Exporter qw(import);
use Fcntl qw(O_NOCTTY O_RDWR);
use POSIX ();
use Time::HiRes qw(time);

our @EXPORT_OK = qw(available start reported expect type echoes finish release process);

our @ignored; # signals that the tool is started with as ignored, as under nohup
our $ahead;   # what was typed before the tool is started

use constant { TIOCGPTN => 0x80045430, TIOCSPTLCK => 0x40045431, TIOCSCTTY => 0x540E };

my $binary = program(); # before any fork, so that it is this process that cleans up

sub available { return $^O eq 'linux' && -c '/dev/ptmx' }

# What a shell does: leads the session, runs the tool as the terminal's job, and reports on it. It stays until it is told to go,
# because a terminal is reset when its session's leader ends.
sub lead {
    my ($slave, $report, $control, $dir, @args) = @_;
    POSIX::setsid();
    ioctl $slave, TIOCSCTTY, 0 or die "tty: $!";
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        close $report;
        close $control;
        chdir $dir or die "chdir: $!"; # where a core of SIGQUIT does no harm
        open STDIN,  '<&', $slave or die $!;
        open STDOUT, '>&', $slave or die $!;
        open STDERR, '>&', $slave or die $!;
        close $slave;
        # Whoever runs the tests may ignore some, as nohup and background jobs do: a terminal's programs do not.
        local @SIG{qw(INT TERM HUP QUIT PIPE)} = ('DEFAULT') x 5;
        local @SIG{@ignored} = ('IGNORE') x @ignored;
        POSIX::setpgid(0, 0);
        local $SIG{TTOU} = 'IGNORE';
        POSIX::tcsetpgrp(0, $$) or die "tcsetpgrp: $!";
        $SIG{TTOU} = 'DEFAULT';
        exec {$binary} 'authplatform', '--env-file', "$dir/.env", @args or die "exec: $!";
    }
    syswrite $report, "pid $pid\n";
    while (waitpid($pid, POSIX::WUNTRACED()) > 0) {
        if (POSIX::WIFSTOPPED(${^CHILD_ERROR_NATIVE})) {
            syswrite $report, "stopped\n";
            next;
        }
        syswrite $report, 'exit ' . ($? & 127 ? 128 + ($? & 127) : $? >> 8) . "\n";
        last;
    }
    sysread $control, my $byte, 1;
    POSIX::_exit(0);
}

# The tool on a terminal of its own.
sub start {
    my ($dir, @args) = @_;
    open my $master, '+<', '/dev/ptmx' or die "ptmx: $!";
    my $unlock = pack 'i', 0;
    ioctl $master, TIOCSPTLCK, $unlock or die "unlock: $!";
    my $which = pack 'I', 0;
    ioctl $master, TIOCGPTN, $which or die "number: $!";
    sysopen my $slave, '/dev/pts/' . unpack('I', $which), O_RDWR | O_NOCTTY or die "slave: $!";
    syswrite $master, $ahead if defined $ahead;
    pipe my $reports, my $report or die "pipe: $!";
    pipe my $control, my $go or die "pipe: $!";
    my $leader = fork() // die "fork: $!";
    if (!$leader) {
        close $master;
        close $go;
        close $reports;
        lead($slave, $report, $control, $dir, @args);
    }
    close $report;
    close $control;
    my $tool = { leader => $leader, master => $master, slave => $slave, reports => $reports, go => $go,
        seen => '', told => '' };
    $tool->{pid} = reported($tool, qr/^pid (\d+)\n/m);
    return $tool;
}

# What the leader said, within 20 seconds.
sub reported {
    my ($tool, $pattern) = @_;
    read_until($tool->{reports}, \$tool->{told}, $pattern);
    return $tool->{told} =~ $pattern ? $1 // 1 : 'nothing';
}

sub read_until {
    my ($from, $buffer, $pattern) = @_;
    my $until = time + 20;
    while (${$buffer} !~ $pattern && time < $until) {
        my $in = '';
        vec($in, fileno $from, 1) = 1;
        next if !select $in, undef, undef, 0.2;
        sysread $from, ${$buffer}, 4096, length ${$buffer} or last;
    }
    return ${$buffer} =~ $pattern;
}

# Reads the terminal until the pattern shows.
sub expect {
    my ($tool, $pattern) = @_;
    return read_until($tool->{master}, \$tool->{seen}, $pattern);
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

# What the kernel says about the running tool: Uid, Groups, Umask, SigBlk ... by name; empty once it has ended.
sub process {
    my ($tool) = @_;
    open my $status, '<', "/proc/$tool->{pid}/status" or return {};
    return { map { /^(\w+):\s*(.*?)\s*$/ ? ($1 => $2) : () } <$status> };
}

# Status as the shell has it.
sub finish {
    my ($tool) = @_;
    return reported($tool, qr/^exit (\d+)\n/m);
}

# Lets the leader go; a tool that did not end itself goes with it.
sub release {
    my ($tool) = @_;
    kill 'KILL', $tool->{pid} if $tool->{told} !~ /^exit/m;
    close $tool->{go};
    waitpid $tool->{leader}, 0;
    return;
}

1;
