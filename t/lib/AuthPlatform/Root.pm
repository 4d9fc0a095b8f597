# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Root;
# Gives a test its own root file system, process tree, mounts and loopback network. Commands run in it exactly as a guide writes them:
# as root, on ports 80 and 443, with the files in /etc. Needs root.
#   my $root = AuthPlatform::Root->new(lower => '/');          # a copy-on-write view of this machine
#   my $root = AuthPlatform::Root->new(dir => '/tmp/bare');    # that folder itself
#   my ($status, $output) = $root->run('apache2ctl graceful', input => "stdin\n", network => 'own' or 'host');
# When the object is destroyed, every process that was started in it ends, and all changes to a view of the machine are discarded.
use strict;
use warnings FATAL => 'all';
use Cwd        ();
use File::Path ();
use File::Temp ();
use Time::HiRes qw(sleep time);

# The first process of the root. It mounts the file systems, brings up the loopback interface, and waits. When it ends, all other processes
# of the root end.
my $INIT = <<'END';
set -eu
if [ -n "$LOWER" ]; then
    # On tmpfs, because a folder of a container may be an overlay itself, which cannot hold the changes of another one.
    mount -t tmpfs tmpfs "$WORK"
    mkdir "$WORK/up" "$WORK/w" "$WORK/root"
    mount -t overlay -o "lowerdir=$LOWER,upperdir=$WORK/up,workdir=$WORK/w" overlay "$WORK/root"
    root=$WORK/root
else
    root=$DIR
    mount --bind "$root" "$root"
fi
mkdir -p "$root/proc" "$root/dev" "$root/run" "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/lock"
for folder in $SHARED; do
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
done
perl -e 'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die; my $r = pack("a16 s x22", "lo", 1); ioctl($s, 0x8914, $r) or die "lo: $!"'
printf '%s' "$root" > "$READY.new"
mv "$READY.new" "$READY"
exec sleep infinity
END

# True if this process may do that. Otherwise $@ has the reason.
sub possible {
    if ($<) { $@ = 'needs root'; return 0 }
    my $said = qx{unshare --mount --net --pid --fork sh -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r' 2>&1};
    return 1 if $? == 0;
    chomp($@ = "no namespaces or no overlay here: $said");
    return 0;
}

# shared => [FOLDERS]: folders of this machine that are mounted at the same path, writable.
sub new {
    my ($class, %o) = @_;
    my $work = File::Temp::tempdir('authp-root-XXXXXX', TMPDIR => 1);
    mkdir "$work/mount";
    my $self = bless { work => $work, owner => $$ }, $class;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        local @ENV{qw(LOWER DIR WORK READY SHARED)} = ($o{lower} // '', $o{dir} // '', "$work/mount", "$work/ready", join ' ', @{ $o{shared} || [] });
        open STDOUT, '>', "$work/output";
        open STDERR, '>&', \*STDOUT;
        open STDIN, '<', '/dev/null';
        exec 'setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-c', $INIT
            or exit 127;
    }
    $self->{unshare} = $pid;
    my $end = time + 20;
    until (-e "$work/ready") {
        die "no root: " . slurp("$work/output") . "\n" if time > $end || waitpid($pid, 1) != 0;
        sleep 0.02;
    }
    $self->{root} = slurp("$work/ready");
    ($self->{init}) = split ' ', slurp("/proc/$pid/task/$pid/children");
    return $self;
}

sub slurp {
    my ($file) = @_;
    local $/;
    open my $in, '<', $file or return '';
    return <$in> // '';
}

# Runs a shell script in the root: (exit status, standard output and error together).
sub run {
    my ($self, $script, %o) = @_;
    my $input = "$self->{work}/input";
    open my $in, '>', $input or die "input: $!\n";
    print {$in} $o{input} // '';
    close $in;
    my @network = ($o{network} || 'own') eq 'own' ? '--net' : ();
    my @command = ('nsenter', '--target', $self->{init}, '--mount', '--root', '--pid', @network, 'env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'HOME=/root', 'LC_ALL=C.UTF-8', (map {"$_=$o{env}{$_}"} sort keys %{ $o{env} || {} }),
        'chroot', $self->{root}, 'bash', '-c', 'cd "$1" && set -eu && eval "$2"', 'guide', $o{in} || '/', $script);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', $input;
        open STDOUT, '>', "$self->{work}/output";
        open STDERR, '>&', \*STDOUT;
        exec @command or exit 127;
    }
    waitpid $pid, 0;
    return ($? >> 8 || $? & 127, slurp("$self->{work}/output"));
}

# Returns the text of a file in the root, '' if it cannot be read.
sub file {
    my ($self, $path) = @_;
    return ($self->run('cat -- "$FILE" 2>/dev/null || true', env => { FILE => $path }))[1];
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@);
    kill 'KILL', $self->{init}    if $self->{init};
    kill 'KILL', $self->{unshare} if $self->{unshare};
    waitpid $self->{unshare}, 0   if $self->{unshare};
    File::Path::remove_tree($self->{work});
    return;
}

1;
