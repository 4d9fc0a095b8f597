# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Httpd;
# An httpd of one test's own, for tests that cannot use the shared server of a run: another MPM, restarts, crashes.
#   my $httpd = AuthPlatform::Httpd->new(mpm => 'worker');  $httpd->start;  $httpd->graceful;  $httpd->stop;
# new(realm => $other) uses the settings, keys and store of another one; new(more => TEXT) adds to its configuration;
# /page.txt needs the role of new(role => NAME), candidate.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Ports 'free_port';
use Encode     ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use JSON       ();
use POSIX      ();
use Time::HiRes qw(sleep time);

my @running;

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('authp-httpd-XXXXXX', TMPDIR => 1);
    chmod 0755, $dir;
    # The store of this run, unless the test chooses one.
    my $settings = $o{settings} || '';
    $settings .= "AUTH_STORE=mongodb\nMONGODB_URI=$ENV{AUTHP_MONGODB_URI}\nMONGODB_DB=$ENV{AUTHP_MONGODB_NAME}_own_$$\_" . int(1e6 * rand) . "\n"
        if ($ENV{AUTHP_STORE} || '') eq 'mongodb' && $settings !~ /^AUTH_STORE=/m;
    $settings .= "AUTH_STORE=postgresql\nDATABASE_URL=$ENV{AUTHP_POSTGRES_URL}\nAUTH_DB_SCHEMA=$ENV{AUTHP_POSTGRES_SCHEMA}_own_$$\_" . int(1e6 * rand) . "\n"
        . ($ENV{AUTHP_POOLED} ? "AUTH_DB_PREPARED=off\n" : '')
        if ($ENV{AUTHP_STORE} || '') eq 'postgresql' && $settings !~ /^AUTH_STORE=/m;
    my $self = bless { mpm => 'event', module => 1, limits => '', more => '', role => 'candidate', dir => $dir, owner => $$, %o }, $class;
    $self->{port} ||= free_port();
    mkdir "$dir/site";
    write_file("$dir/site/page.txt", "guarded\n");
    my $old = umask 077;
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!\n";
    read $random, my $bytes, 32;
    $settings .= "BCRYPT_ROUNDS=4\n" if $settings !~ /^BCRYPT_ROUNDS=/m;
    write_file("$dir/.env", 'JWT_SECRET_KEY=' . unpack('H*', $bytes) . "\nAUTH_STATE_DIR=$dir/state\n"
            . ($settings =~ /^AUTH_LIMITS=/m ? '' : "AUTH_LIMITS=off\n") . $settings);
    write_file("$dir/.env", slurp("$o{realm}{dir}/.env")) if $o{realm};
    umask $old;
    $self->configure;
    return $self;
}

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    return;
}

# Several children with few threads, so that restarts and ended children affect more than one.
my %SIZE = (
    event   => "StartServers 2\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\nMinSpareThreads 16\nMaxSpareThreads 48\n",
    worker  => "StartServers 2\nServerLimit 4\nThreadsPerChild 16\nMaxRequestWorkers 64\nMinSpareThreads 16\nMaxSpareThreads 48\n",
    prefork => "StartServers 4\nServerLimit 24\nMaxRequestWorkers 24\nMinSpareServers 4\nMaxSpareServers 8\n",
);

# Writes httpd.conf. It takes effect at the next start or restart.
sub configure {
    my ($self, %o) = @_;
    @$self{ keys %o } = values %o;
    my ($dir, $modules) = ($self->{dir}, $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules');
    my $conf = "ServerRoot \"$dir\"\nServerName 127.0.0.1:$self->{port}\nListen 127.0.0.1:$self->{port}\n"
        . "PidFile \"$dir/httpd.pid\"\nErrorLog \"$dir/error.log\"\nLogLevel warn" . ($self->{module} ? " auth_platform:info" : "") . "\n"
        . "DocumentRoot \"$dir/site\"\nKeepAlive Off\nMaxMemFree 1\nTimeout 20\nGracefulShutdownTimeout 3\n$SIZE{$self->{mpm}}$self->{limits}\n";
    $conf .= "LoadModule mpm_$self->{mpm}_module \"$modules/mod_mpm_$self->{mpm}.so\"\n";
    $conf .= "LoadModule ${_}_module \"$modules/mod_$_.so\"\n" for qw(authn_core authz_core authz_host authz_user alias dir env headers);
    $conf .= "User www-data\nGroup www-data\n" if !$<;
    if ($self->{module}) {
        $conf .= "LoadModule auth_platform_module \"$ENV{AUTHP_MODULE}\"\nAuthPlatformEnvFile \"$dir/.env\"\n"
            . "<Location \"/page.txt\">\nAuthType Platform\nAuthName \"t\"\nRequire role $self->{role}\n</Location>\n$self->{more}\n";
    }
    write_file("$dir/httpd.conf", $conf);
    return $self;
}

sub start {
    my ($self) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>>', "$self->{dir}/output";
        open STDERR, '>&', \*STDOUT;
        POSIX::setsid();
        # If this process is killed, the kernel stops httpd.
        exec 'setpriv', '--pdeathsig', 'TERM', $ENV{AUTHP_HTTPD} || '/usr/sbin/apache2', '-DFOREGROUND', '-d', $self->{dir},
            '-f', "$self->{dir}/httpd.conf" or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    push @running, $self;
    $self->wait_for(sub { $self->get('/nothing')->{status} }, 'httpd does not start');
    return $self;
}

sub wait_for {
    my ($self, $done, $complaint) = @_;
    my $end = time + 30;
    while (!$done->()) {
        die "$complaint:\n" . slurp("$self->{dir}/output") . $self->log if time > $end || !$self->alive;
        sleep 0.05;
    }
    return;
}

# A child that has ended counts as gone even before its status was read.
sub alive    { my ($self) = @_; return $self->{pid} && waitpid($self->{pid}, POSIX::WNOHANG()) == 0 }
sub graceful { my ($self) = @_; return $self->reload('USR1') }
sub hard     { my ($self) = @_; return $self->reload('HUP') }

# Returns when the parent has read its configuration again and a child answers.
sub reload {
    my ($self, $signal) = @_;
    my $before = $self->generations;
    kill $signal, $self->{pid};
    $self->wait_for(sub { $self->generations > $before }, "no restart after $signal");
    $self->wait_for(sub { $self->get('/nothing')->{status} }, "no answer after $signal");
    return $self;
}

# Returns how many starts and restarts there were: each one logs at level notice that it resumes normal operations.
sub generations {
    my ($self) = @_;
    my $count = () = $self->log =~ /AH00163:|AH00292:|AH00489:/g;
    return $count;
}

sub slurp {
    my ($file) = @_;
    local $/;
    open my $in, '<', $file or return '';
    my $text = <$in>;
    return $text // '';
}

sub log { my ($self) = @_; return slurp("$self->{dir}/error.log") }

# Lines of the log at level warn or worse, and crashes. A server that AUTHP_TEST_MONGO names may refuse TTL indexes, and then one line says so.
sub complaints {
    my ($self) = @_;
    my @lines = grep { /:(?:warn|error|crit|alert|emerg)\]|exit signal/ } split /\n/, $self->log;
    return $ENV{AUTHP_TEST_MONGO} ? grep { !/AUTHP0235:/ } @lines : @lines;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'TERM', $pid;
    for (1 .. 200) {
        last if waitpid($pid, POSIX::WNOHANG()) != 0;
        sleep 0.1;
    }
    kill 'KILL', -$pid;    # it has a session of its own, so no other process is hit
    waitpid $pid, POSIX::WNOHANG();
    @running = grep { defined && $_ != $self } @running;
    return;
}

# Returns the children, the oldest first.
sub children {
    my ($self) = @_;
    open my $in, '<', "/proc/$self->{pid}/task/$self->{pid}/children" or return;
    return split ' ', <$in> // '';
}

sub count       { my ($what, $pid) = @_; my @entries = glob "/proc/$pid/$what/*"; return scalar @entries }
sub descriptors { my ($self, $pid) = @_; return count(fd   => $pid || $self->{pid}) }
sub threads     { my ($self, $pid) = @_; return count(task => $pid || $self->{pid}) }

# The counters of libmongoc are left out: each restart adds a mapping in the parent unless MONGOC_DISABLE_SHM is set.
sub mappings {
    my ($self, $pid) = @_;
    return scalar grep { !m{/dev/shm/mongoc-} } split /\n/, slurp('/proc/' . ($pid || $self->{pid}) . '/maps');
}

# Returns the kilobytes that were written to. ("Private" memory is no measure, because it changes whenever a child starts or ends.)
sub memory {
    my ($self, $pid) = @_;
    my ($kilobytes) = slurp('/proc/' . ($pid || $self->{pid}) . '/status') =~ /^RssAnon:\s+(\d+) kB$/m;
    return $kilobytes // die "no RssAnon for this process\n";
}

# Writes each secret once for t/zz_logs.t, which searches all logs for all of them.
my %noted;

sub note_secrets {
    my @new = grep { defined && !ref && length >= 8 && !$noted{$_}++ } @_;
    return if !@new || !$ENV{AUTHP_STAGE};
    open my $file, '>>', "$ENV{AUTHP_STAGE}/t/secrets.txt" or die "secrets.txt: $!\n";
    syswrite $file, join '', map { (my $line = Encode::encode_utf8($_)) =~ s/[\r\n]/ /g; "$line\n" } @new;
    return;
}

sub unchunk {
    my ($data) = @_;
    my $whole = '';
    while ($data =~ /\G([0-9a-fA-F]+)[^\r\n]*\r\n/gc && hex $1) {
        $whole .= substr $data, pos $data, hex $1;
        pos($data) += 2 + hex $1;
    }
    return $whole;
}

# Sends one request on one connection. Returns {status, headers => {lower-case name => [values]}, body, json, retry_after, error}. Without a
# status the connection was refused or cut. headers => {} are sent; from => address is the client's address. The body: json => data, or
# form => TEXT, or text => TEXT, with type => MEDIA_TYPE.
sub request {
    my ($self, $method, $path, %o) = @_;
    my $type   = $o{type} || (exists $o{form} ? 'application/x-www-form-urlencoded' : 'application/json');
    my $body   = exists $o{json} ? JSON->new->utf8->encode($o{json}) : $o{form} // $o{text} // '';
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 10,
        ($o{from} ? (LocalAddr => $o{from}) : ())) or return { status => 0, error => "connect: $!", body => '', headers => {} };
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} "$method $path HTTP/1.1\r\nHost: 127.0.0.1:$self->{port}\r\nConnection: close\r\n",
        ($o{bearer} ? "Authorization: Bearer $o{bearer}\r\n" : ''),
        (map {"$_: $o{headers}{$_}\r\n"} sort keys %{ $o{headers} || {} }),
        (length $body ? "Content-Type: $type\r\nContent-Length: " . length($body) . "\r\n" : ''), "\r\n$body";
    local $/;
    my $answer = <$socket> // '';
    my ($status) = $answer =~ m{^HTTP/1.1 (\d+)};
    my ($head, $data) = $answer =~ /\A(.*?)\r\n\r\n(.*)\z/s;
    my %headers;
    push @{ $headers{ lc $1 } }, $2 while ($head // '') =~ /^([^:\r\n]+): *([^\r\n]*)\r?$/mg;
    $data = unchunk($data) if defined $data && lc($headers{'transfer-encoding'}[0] // '') eq 'chunked';
    my $json     = ($answer =~ /^Content-Type: [^\r\n]*json/mi) ? eval { JSON->new->utf8->decode($data) } : undef;
    note_secrets(map { ref $_ eq 'HASH' ? @$_{qw(password current_password new_password access_token refresh_token)} : () } $o{json}, $json);
    return { status => $status || 0, error => $status ? '' : 'cut', body => $data // '', json => $json, headers => \%headers,
        retry_after => $headers{'retry-after'}[0] };
}

sub get { my ($self, $path, %o) = @_; return $self->request(GET => $path, %o) }
sub api { my ($self, $path, $json, %o) = @_; return $self->request(POST => "/api/auth$path", json => $json, %o) }

END {
    my $status = $?;
    for my $httpd (@running) {
        $httpd->stop if $httpd->{owner} == $$;
    }
    $? = $status;
}

# Keeps the log for t/zz_logs.t, under the name of the test.
my $kept = 0;

sub keep_log {
    my ($self) = @_;
    return if !$ENV{AUTHP_STAGE} || !-d "$ENV{AUTHP_STAGE}/t/logs";
    my ($test) = $0 =~ m{([^/]+/[^/]+)\.t$} or return;
    $test =~ tr{/}{-};
    write_file(sprintf("%s/t/logs/own-%s-%d-%d_log", $ENV{AUTHP_STAGE}, $test, $$, ++$kept), slurp("$self->{dir}/output") . $self->log);
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local $?;    # keeps the exit status of the test
    $self->stop;
    $self->keep_log;
    File::Path::remove_tree($self->{dir}) if !$ENV{AUTHP_KEEP};
    return;
}

1;
