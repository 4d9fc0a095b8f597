# SPDX-License-Identifier: Apache-2.0
# Runs conf/guides/production.md and upgrading.md word by word in a bare root file system of this Debian release, which debootstrap makes:
# packages from this machine's archive, the release build, and all checks of 10_guide.t. It takes a few minutes and belongs to `make
# test-long`.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Guide      ();
use AuthPlatform::Production ();
use AuthPlatform::Root       ();
use File::Temp               ();
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'for make test-long' if !$ENV{AUTHP_LONG} || ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
plan skip_all => $@ if !AuthPlatform::Root::possible();

# The release of this machine, and the archive that its packages come from.
my ($release) = AuthPlatform::Root::slurp('/etc/os-release') =~ /^VERSION_CODENAME=(\w+)$/m;
my ($archive) = sort split /\n/, qx{apt-get indextargets --format '\$(REPO_URI)' 'Created-By: Packages' 'Codename: $release' 'Component: main'};
my $dir = File::Temp::tempdir('authp-bare-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
my $log = qx{debootstrap --variant=minbase $release '$dir' '$archive' 2>&1};
is($?, 0, 'a bare root') or BAIL_OUT($log);

# The unpacked source. No service starts by itself. The settings of the archive are copied.
my $source = '/usr/src/mod_auth_platform';
system(qq{
    set -e
    mkdir -p '$dir$source'
    tar -C '$top' --exclude=./build/out --exclude=./.git -c . | tar -C '$dir$source' -x
    printf '#!/bin/sh\\nexit 101\\n' >'$dir/usr/sbin/policy-rc.d'
    chmod 755 '$dir/usr/sbin/policy-rc.d'
    echo force-unsafe-io >'$dir/etc/dpkg/dpkg.cfg.d/test'
    cp -L /etc/resolv.conf '$dir/etc/resolv.conf'
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do [ ! -f "\$file" ] || cp "\$file" '$dir/etc/apt/apt.conf.d/'; done
}) == 0 or BAIL_OUT('no source in the bare root');

my $root   = AuthPlatform::Root->new(dir => $dir);
my @blocks = map { AuthPlatform::Guide::blocks("$top/conf/guides/$_.md") } qw(production upgrading);
my ($first) = grep { $_->{name} eq 'packages' } @blocks;
my %env = map { $_ => $ENV{$_} } grep { /_proxy\z/i } keys %ENV;
my ($status, $said) = $root->run($first->{text}, network => 'host', env => { %env, DEBIAN_FRONTEND => 'noninteractive' });
is($status, 0, 'the packages') or diag $said;
$first->{done} = $status == 0;
AuthPlatform::Production::walk($root, in => $source, blocks => \@blocks, env => \%env, network => { install => 'host' });
is_deeply([map { $_->{name} } grep { !$_->{done} } @blocks], [], 'every block of both guides has run');
done_testing;
