# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::MakeRun;
# What `make run` does: build/run.sh with a folder and a port of one test's own.
#   my $demo = AuthPlatform::MakeRun->new(port => free_port());
#   $demo->start(PROVIDER => 'demo');      with this environment; waits until the demo runs or the script has ended. Returns the status of a script
#                                          that has ended, else 0
#   $demo->said;  $demo->pid;  $demo->dir;  $demo->env_file
#   $demo->stop                            returns the script's status
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use File::Temp          ();
use POSIX               ();
use Time::HiRes qw(sleep time);

use constant PATIENCE => 90;    # seconds
my %running;                    # of this process, by pid

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    chmod 0755, $dir;
    return bless { %o, dir => $dir }, $class;
}

sub dir      { return $_[0]{dir} }
sub env_file { return "$_[0]{dir}/dev.env" }
sub pid      { return $_[0]{pid} }
sub said     { return AuthPlatform::Httpd::slurp("$_[0]{dir}/output") }

sub start {
    my ($self, %env) = @_;
    my $dir = $self->{dir};
    AuthPlatform::Httpd::write_file("$dir/output", '');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>',  "$dir/output";
        open STDERR, '>&', \*STDOUT;
        @ENV{qw(PORT ENV_FILE RUN_DIR), keys %env} = ($self->{port}, $self->env_file, "$dir/run", values %env);
        exec 'setpriv', '--pdeathsig', 'TERM', "$ENV{AUTHP_TOP}/build/run.sh" or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $running{$pid} = $$;
    my $end = time + PATIENCE;
    while ($self->said !~ /Ctrl-C ends the server/ && time < $end) {
        if (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            delete $running{ delete $self->{pid} };
            return $?;
        }
        sleep 0.1;
    }
    return 0;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or die "the demo does not run\n";
    delete $running{$pid};
    kill 'TERM', $pid;
    waitpid $pid, 0;
    return $?;
}

# A test that dies leaves nothing running.
END {
    my $status = $?;
    for my $pid (grep { $running{$_} == $$ } keys %running) {
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
    $? = $status;
}

1;
