# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Postgres;
# A PostgreSQL server of one's own on 127.0.0.1 with a folder of its own, run as an ordinary user, and PgBouncer in front of it.
#   my $pg = AuthPlatform::Postgres->new; $pg->start; $pg->uri; $pg->sql('SELECT 1'); $pg->freeze; $pg->thaw; $pg->kill9; $pg->restart; $pg->stop;
# new(fsync => 1) keeps what was committed after kill9() of the machine, too; settings => ['name=value', ...] are the server's.
# new(standby_of => $pg) is a copy that follows $pg, which runs, and refuses to write until promote().
# new(pool => 1): all connections through PgBouncer share one session of the server.
# The role "authp" owns the database "authp". Its password is new each time.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Ports ();
use AuthPlatform::Proxy ();
use File::Path          ();
use File::Temp          ();
use IO::Socket::INET;
use POSIX       ();
use Time::HiRes qw(sleep time);

use constant BIN => '/usr/lib/postgresql/15/bin';

my @all;

# The server refuses to run as root. The package makes this user.
sub user { return $< ? () : (qw(setpriv --reuid postgres --regid postgres --clear-groups)) }

sub run {
    my ($self, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        chdir $self->{dir};
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
        exec user(), @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return $? == 0;
}

sub said { my ($self) = @_; open my $in, '<', "$self->{dir}/said" or return ''; local $/; return scalar <$in> }

sub secret {
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!\n";
    read $random, my $bytes, 12;
    return unpack 'H*', $bytes;
}

sub write_file {
    my ($path, $text) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out or die "$path: $!\n";
    return;
}

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('authp-postgres-XXXXXX', TMPDIR => 1);
    my $self = bless { port => AuthPlatform::Ports::free_port(), dir => $dir, owner => $$, password => secret(), settings => [], %o }, $class;
    push @all, $self;
    if (!$<) {
        my (undef, undef, $uid, $gid) = getpwnam 'postgres' or die "there is no user postgres: is the package postgresql-15 installed?\n";
        chown $uid, $gid, $dir;
    }
    chmod 0755, $dir;
    if (my $primary = $o{standby_of}) {
        $self->{password} = $primary->{password};
        return $self->follow($primary);
    }
    write_file("$dir/password", $self->{password});
    chmod 0644, "$dir/password";
    $self->run(BIN . '/initdb', '-D', "$dir/data", qw(-U authp -A scram-sha-256 -E UTF8 --locale=C --no-sync), "--pwfile=$dir/password")
        or die "initdb failed\n" . $self->said;
    unlink "$dir/password";
    return $self;
}

sub uri {
    my ($self, $more) = @_;
    my $port = $self->{proxy_port} || $self->{bouncer_port} || $self->{port};
    return "postgresql://authp:$self->{password}\@127.0.0.1:$port/authp" . ($more || '');
}

# Only new() makes this folder, so the server starts with the same data again.
sub start {
    my ($self) = @_;
    my @settings = ("port=$self->{port}", 'listen_addresses=127.0.0.1', "unix_socket_directories=$self->{dir}", 'max_connections=300',
        'shared_buffers=64MB', 'fsync=' . ($self->{fsync} ? 'on' : 'off'), 'log_min_messages=warning', 'max_wal_senders=4', 'wal_level=replica',
        @{ $self->{settings} });
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        POSIX::setsid();
        chdir $self->{dir};
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
        # When this process ends, the kernel tells the server to end at once.
        my @user = user();
        exec((@user ? @user : 'setpriv'), qw(--pdeathsig QUIT), BIN . '/postgres', '-D', "$self->{dir}/data", map { ('-c', $_) } @settings)
            or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    my $end = time + 60;
    until ($self->answers) {
        die "PostgreSQL does not start\n" . $self->said if time > $end || waitpid($pid, POSIX::WNOHANG());
        sleep 0.05;
    }
    if (!$self->{made}++ && !$self->{standby_of}) {
        $self->sql_of(postgres => 'CREATE DATABASE authp');
    }
    return $self;
}

sub answers {
    my ($self) = @_;
    return $self->run(BIN . '/pg_isready', '-q', '-h', '127.0.0.1', '-p', $self->{port});
}

# Runs SQL as the owner, past PgBouncer. Returns the rows as psql prints them: unaligned, columns separated by |.
sub sql { my ($self, @sql) = @_; return $self->sql_of(authp => @sql) }

sub sql_of {
    my ($self, $database, @sql) = @_;
    local $ENV{PGPASSWORD} = $self->{password};
    open my $pipe, '-|', BIN . '/psql', qw(-X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p), $self->{port}, '-U', 'authp', '-d', $database,
        map { ('-c', $_) } @sql
        or die "psql: $!\n";
    local $/;
    my $rows = <$pipe> // '';
    close $pipe or die "psql failed: @sql\n";
    $rows =~ s/\n\z//;
    return $rows;
}

# All processes of the server, the postmaster first.
sub processes {
    my ($self) = @_;
    my $pid = $self->{pid};
    my @children = grep { m{^[0-9]+$} } map { split ' ', slurp($_) } glob "/proc/$pid/task/*/children";
    return ($pid, @children);
}

sub slurp { my ($path) = @_; open my $in, '<', $path or return ''; local $/; return scalar(<$in>) // '' }

# Returns when none of its processes runs any more. Processes that it makes meanwhile are stopped, too.
sub freeze {
    my ($self) = @_;
    for (1 .. 500) {
        my @all = $self->processes;
        kill 'STOP', @all;
        return if !grep { slurp("/proc/$_/status") =~ /^State:\s+[^TtZ]/m } $self->processes;
        sleep 0.01;
    }
    die "PostgreSQL cannot be stopped\n";
}

sub thaw { my ($self) = @_; kill 'CONT', reverse $self->processes; return }

sub kill9 {
    my ($self) = @_;
    my @all = $self->processes;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', @all;
    waitpid $pid, 0;
    # The shared memory is free again when the last of its processes has ended.
    for (1 .. 200) {
        return if !grep { -e "/proc/$_" && slurp("/proc/$_/status") !~ /^State:\s+Z/m } @all;
        sleep 0.02;
    }
    return;
}

# INT: a fast shutdown, which ends all connections and loses nothing.
sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'CONT', $pid;
    kill 'INT',  $pid;
    for (1 .. 300) {
        return if waitpid($pid, POSIX::WNOHANG());
        sleep 0.05;
    }
    kill 'QUIT', $pid;
    waitpid $pid, 0;
    return;
}

sub restart { my ($self) = @_; $self->stop; return $self->start }

# A standby accepts writes from now on.
sub promote {
    my ($self) = @_;
    $self->run(BIN . '/pg_ctl', qw(promote -w -D), "$self->{dir}/data") or die "pg_ctl promote failed\n" . $self->said;
    return;
}

# Makes another server's data the copy that follows $primary, as after a fail-over. It must not run.
sub follow {
    my ($self, $primary) = @_;
    File::Path::remove_tree("$self->{dir}/data");
    local $ENV{PGPASSWORD} = $self->{password};
    $self->run(BIN . '/pg_basebackup', qw(-R -X stream --checkpoint=fast --no-sync -h 127.0.0.1 -U authp -p), $primary->{port}, '-D', "$self->{dir}/data")
        or die "pg_basebackup failed\n" . $self->said;
    return $self;
}

# Runs SQL in a session of its own that stays: its locks hold until let_go(). Returns when $holds, a query, answers 1, or soon.
sub hold {
    my ($self, $sql, $holds) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
        $ENV{PGPASSWORD} = $self->{password};
        exec qw(setpriv --pdeathsig KILL), BIN . '/psql', qw(-X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -U authp -d authp -p), $self->{port},
            '-c', "BEGIN; SET LOCAL client_connection_check_interval = 50; $sql; SELECT pg_sleep(60)"
            or POSIX::_exit(127);
    }
    my $end = time + 20;
    sleep 0.5 if !$holds;
    while ($holds && $self->sql($holds) ne '1') {
        die "this is not held: $sql\n" if time > $end;
        sleep 0.02;
    }
    return $pid;
}

# Its session looks every 50 ms whether it is still there.
sub let_go { my ($self, @pids) = @_; kill 'KILL', @pids; waitpid $_, 0 for @pids; sleep 0.2; return }

# From here on uri() names a proxy in front of the server, or of PgBouncer. mode() is its mode, see AuthPlatform::Proxy.
sub proxy {
    my ($self) = @_;
    $self->{proxy} = AuthPlatform::Proxy->new(to => $self->{bouncer_port} || $self->{port});
    $self->{proxy_port} = $self->{proxy}{port};
    return $self;
}

sub mode { my ($self, $mode) = @_; return $self->{proxy}->mode($mode) }

sub kill_bouncer {
    my ($self) = @_;
    my $bouncer = delete $self->{bouncer} or return;
    kill 'KILL', $bouncer;
    waitpid $bouncer, 0;
    return;
}

# PgBouncer in transaction mode. From here on uri() names it. After kill_bouncer() it starts again on the same port.
sub bouncer {
    my ($self) = @_;
    my $port = $self->{bouncer_port} || AuthPlatform::Ports::free_port();
    my $dir  = $self->{dir};
    my $pool = $self->{pool} || 10;
    write_file("$dir/users.txt", qq{"authp" "$self->{password}"\n});
    write_file("$dir/bouncer.ini", <<"END");
[databases]
authp = host=127.0.0.1 port=$self->{port} dbname=authp user=authp password=$self->{password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $dir/users.txt
pool_mode = transaction
default_pool_size = $pool
server_connect_timeout = 2
server_login_retry = 1
query_wait_timeout = 2
max_client_conn = 1000
logfile = $dir/bouncer.log
END
    chmod 0644, "$dir/users.txt", "$dir/bouncer.ini";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        chdir $dir;
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$dir/said";
        open STDERR, '>&', \*STDOUT;
        my @user = user();
        exec((@user ? @user : 'setpriv'), qw(--pdeathsig KILL /usr/sbin/pgbouncer -q), "$dir/bouncer.ini") or POSIX::_exit(127);
    }
    $self->{bouncer} = $pid;
    my $end = time + 20;
    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1)) {
        die "PgBouncer does not start\n" . $self->said if time > $end || waitpid($pid, POSIX::WNOHANG());
        sleep 0.05;
    }
    $self->{bouncer_port} = $port;
    return $self;
}

END {
    my $status = $?;
    for my $pg (@all) {
        next if $pg->{owner} != $$;
        $pg->{proxy}->stop if $pg->{proxy};
        $pg->kill_bouncer;
        $pg->stop;
        File::Path::remove_tree($pg->{dir});
    }
    $? = $status;
}

1;
