# SPDX-License-Identifier: Apache-2.0
# The state folder belongs to httpd's User, and root reads it at each start. A file of another kind that this user has put where a file is
# expected is refused by name, in `httpd -t` and at a start. The server neither waits for it nor changes its target.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'about the files of SQLite' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite';

my %plant = (
    'is a FIFO'              => sub { my ($at) = @_; POSIX::mkfifo($at, 0600) or die $! },
    'is a symbolic link'     => sub { my ($at, $target) = @_; symlink $target, $at or die $! },
    'has more than one name' => sub { my ($at, $target) = @_; link $target, $at or die $! },
);

sub state_of { my ($path) = @_; return join ' ', (lstat $path)[2 .. 5, 7, 9, 10] }

# Runs httpd with these arguments, which must end within seconds. Returns status and output.
sub httpd {
    my ($server, @args) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) {
        $server->{pid} = undef;
        open STDERR, '>&', \*STDOUT;
        exec 'timeout', '10', $ENV{AUTHP_HTTPD} || '/usr/sbin/apache2', '-d', $server->{dir}, '-f', "$server->{dir}/httpd.conf", @args
            or POSIX::_exit(127);
    }
    local $/;
    my $text = <$out>;
    close $out;
    return ($? & 127 || $? >> 8, $text . $server->log);
}

for my $suffix ('', '-wal', '-shm', '-journal') {
    for my $kind (sort keys %plant) {
        my $server = AuthPlatform::Httpd->new(mpm => 'event');
        my $dir    = "$server->{dir}/state";
        my $named  = "$dir/auth_platform.db$suffix";
        my $target = "$server->{dir}/target";
        mkdir $dir, 0700 or die $!;
        for my $file ($target, $suffix ? "$dir/auth_platform.db" : ()) {
            open my $made, '>', $file or die $!;
            close $made;
            chmod 0600, $file;
        }
        $plant{$kind}->($named, $target);
        chown((getpwnam 'www-data')[2, 3], $dir) if $> == 0;
        my $before = state_of($target);
        my ($status, $text) = httpd($server, '-t');
        is($status, 1, "auth_platform.db$suffix $kind: httpd -t refuses");
        like($text, qr/AUTHP0510: [^\n]*\Q$named $kind\E/, '... and names it') or diag $text;
        ($status, $text) = httpd($server, '-DFOREGROUND');
        is($status, 1, '... and so does its start');
        is(state_of($target), $before, '... and the target is as it was');
    }
}

# The same in children, if the file was put there while the server ran.
my $server = AuthPlatform::Httpd->new(mpm => 'prefork', limits => "MaxConnectionsPerChild 1\n")->start;
is($server->api('/register', { email => 'a@example.org', password => 'three calm words' })->{status}, 201, 'a server that runs');
my $wal = "$server->{dir}/state/auth_platform.db-journal";
POSIX::mkfifo($wal, 0600) or die $!;
my ($answer, $end) = ({ status => 0 }, time + 20);
while ($answer->{status} != 503 && time < $end) {
    my $began = time;
    $answer = $server->api('/login', { email => 'a@example.org', password => 'three calm words' });
    cmp_ok(time - $began, '<', 6, 'an answer in time') if time - $began > 3;
}
is($answer->{status}, 503, 'new children answer 503');
like($server->log, qr/AUTHP0227: [^\n]*\Q$wal\E is a FIFO/, '... and say why');
is($server->get('/nothing')->{status}, 404, '... and serve what needs no store');
unlink $wal or die $!;
$end = time + 20;
do { $answer = $server->api('/login', { email => 'a@example.org', password => 'three calm words' }) } while $answer->{status} != 200 && time < $end;
is($answer->{status}, 200, 'when it is gone, all is well');
$server->stop;
done_testing;
