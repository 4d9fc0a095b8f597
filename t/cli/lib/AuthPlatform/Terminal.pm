# SPDX-License-Identifier: Apache-2.0
# Runs the command line tool on a terminal of its own (Linux pseudo-terminals), for t/cli/*.t:
#   my $tool = start($dir, 'user', 'create', ...);  expect($tool, qr/Password: \z/);  type($tool, "...
# ");  finish($tool);
# $dir has the .env, and the tool runs in it. release() ends a tool that has not ended by finish().
package AuthPlatform::Terminal;
use strict;
use warnings;
use AuthPlatform::Cli qw(program);
use Exporter qw(import);
use Fcntl qw(O_NOCTTY O_RDWR);
use POSIX ();
use Time::HiRes qw(time);

our @EXPORT_OK = qw(available start reported expect type echoes finish release process);

our @ignored; # signals that are ignored when the tool starts, as under nohup
our $ahead;   # text that is typed before the tool starts
our $output;  # the file to which standard output is led, as by `> FILE`

use constant { TIOCGPTN => 0x80045430, TIOCSPTLCK => 0x40045431, TIOCSCTTY => 0x540E };

my $binary = program(); # made before any fork, so that this process removes it

sub available { return $^O eq 'linux' && -c '/dev/ptmx' }

# Does what a shell does: leads the session, runs the tool as the terminal's foreground job, and reports its status. It stays until it is
# told to end, because a terminal is reset when the leader of its session ends.
sub lead {
    my ($slave, $report, $control, $dir, @args) = @_;
    POSIX::setsid();
    ioctl $slave, TIOCSCTTY, 0 or die "tty: $!";
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        close $report;
        close $control;
        chdir $dir or die "chdir: $!"; # a core file of SIGQUIT may be written here
        open STDIN,  '<&', $slave or die $!;
        if (defined $output) {
            open STDOUT, '>', $output or die $!;
        } else {
            open STDOUT, '>&', $slave or die $!;
        }
        open STDERR, '>&', $slave or die $!;
        close $slave;
        # The process that runs the tests may ignore some signals, as under nohup or in the background. Programs on a terminal do not.
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

# Starts the tool on a terminal of its own.
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

# Returns what the leader reports within 20 seconds.
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

# Reads from the terminal until the pattern matches.
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

# Returns the kernel's values of the running tool: Uid, Groups, Umask, SigBlk ... by name; empty when it has ended.
sub process {
    my ($tool) = @_;
    open my $status, '<', "/proc/$tool->{pid}/status" or return {};
    return { map { /^(\w+):\s*(.*?)\s*$/ ? ($1 => $2) : () } <$status> };
}

# Returns the status as a shell does.
sub finish {
    my ($tool) = @_;
    return reported($tool, qr/^exit (\d+)\n/m);
}

# Lets the leader end. A tool that is still running is killed with it.
sub release {
    my ($tool) = @_;
    kill 'KILL', $tool->{pid} if $tool->{told} !~ /^exit/m;
    close $tool->{go};
    waitpid $tool->{leader}, 0;
    return;
}

1;
