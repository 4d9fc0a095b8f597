# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Ferret;
# FerretDB 1 on 127.0.0.1: a server of MongoDB's protocol that asks for a user and a password (SCRAM-SHA-256), speaks TLS only, and keeps what
# it acknowledged after kill9(). build/ferretdb.sh has built it.
#   my $ferret = AuthPlatform::Ferret->new; $ferret->start; $ferret->uri; $ferret->kill9; $ferret->start; $ferret->stop;
# new(bare => 1) does not serialise messages (t/mongo/ferretdb/front.go), so that conditional updates are not atomic.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Ports ();
use File::Path          ();
use File::Temp          ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX       ();
use Socket      'SOCK_STREAM';
use Time::HiRes qw(sleep time);

my @all;

sub slurp { my ($path) = @_; open my $in, '<', $path or return ''; local $/; return scalar(<$in>) // '' }

sub secret {
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!\n";
    read $random, my $bytes, 12;
    return unpack 'H*', $bytes;
}

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('authp-ferret-XXXXXX', TMPDIR => 1);
    # The clients in httpd's children read the certificate.
    chmod 0755, $dir;
    mkdir "$dir/data", 0700;
    my $self = bless { port => AuthPlatform::Ports::free_port(), dir => $dir, owner => $$, password => secret(), %o }, $class;
    push @all, $self;
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
            . " -addext subjectAltName=IP:127.0.0.1 -keyout $dir/key.pem -out $dir/cert.pem 2>$dir/said") == 0
        or die 'openssl: ' . slurp("$dir/said");
    return $self;
}

# uri(password => 'wrong', options => '&retryWrites=true'); user => '' leaves out both user and password.
sub uri {
    my ($self, %o) = @_;
    my $user = $o{user} // 'authp';
    my $who = $user eq '' ? '' : "$user:" . ($o{password} // $self->{password}) . '@';
    my $how = $user eq '' ? '' : '&authSource=admin&authMechanism=SCRAM-SHA-256';
    return "mongodb://${who}127.0.0.1:$self->{port}/?tls=true&tlsCAFile=$self->{dir}/cert.pem$how" . ($o{options} // '');
}

# Runs a program until it ends, or until this process does.
sub run {
    my ($self, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    open STDIN, '<&', $self->{alive_in};
    close $self->{alive};
    open STDOUT, '>>', "$self->{dir}/said";
    open STDERR, '>&', \*STDOUT;
    exec qw(setpriv --pdeathsig KILL), @command or POSIX::_exit(127);
}

sub await {
    my ($self, $pid, $name, $there) = @_;
    my $end = time + 60;
    until ($there->()) {
        die "$name does not start\n" . slurp("$self->{dir}/said") if time > $end || waitpid($pid, POSIX::WNOHANG());
        sleep 0.05;
    }
    return;
}

# Starts on the data of before.
sub start {
    my ($self) = @_;
    my $dir    = $self->{dir};
    my $socket = "$dir/socket";
    my $build  = $ENV{AUTHP_FERRETDB} or die "AUTHP_FERRETDB is not set: run this through make test-long\n";
    unlink $socket;
    pipe $self->{alive_in}, $self->{alive};
    $self->{pid} = $self->run("$build/ferretdb", '--handler=sqlite', "--sqlite-url=file:$dir/data/", '--state-dir=-', '--telemetry=disable',
        '--debug-addr=-', '--log-level=ERROR', '--listen-addr=', "--listen-unix=$socket", '--test-enable-new-auth', '--setup-database=admin',
        '--setup-username=authp', "--setup-password=$self->{password}");
    $self->await($self->{pid}, 'FerretDB', sub { IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $socket) });
    $self->{front} = $self->run("$build/front", '-to', $socket, '-listen', "127.0.0.1:$self->{port}", '-cert', "$dir/cert.pem", '-key',
        "$dir/key.pem", $self->{bare} ? '-one=false' : ());
    close delete $self->{alive_in};
    $self->await($self->{front}, 'the front', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 1) });
    return $self;
}

# The server first: the front must not end the connections of a server that still works on a message.
sub kill9 {
    my ($self) = @_;
    for my $pid (grep {$_} delete @$self{qw(pid front)}) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }
    close delete $self->{alive} if $self->{alive};
    return;
}

sub stop {
    my ($self) = @_;
    my $pid = $self->{pid} or return;
    kill 'TERM', $pid;
    for (1 .. 100) {
        last if waitpid($pid, POSIX::WNOHANG());
        sleep 0.05;
    }
    return $self->kill9;
}

END {
    my $status = $?;
    for my $ferret (@all) {
        next if $ferret->{owner} != $$;
        $ferret->stop;
        File::Path::remove_tree($ferret->{dir});
    }
    $? = $status;
}

1;
