# SPDX-License-Identifier: Apache-2.0
# Runs conf/guides/production.md and upgrading.md as they are written: each of their sh blocks, in order, in a copy-on-write view of this
# machine with Debian's apache2 package in it, on ports 80 and 443 of a network of its own.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Guide      ();
use AuthPlatform::Production ();
use AuthPlatform::Root       ();
use Test::More;

# Blocks that this test does not run, and why. t/install/20_bare.t runs them.
my %NOT_HERE = (packages => 'needs the package archive');

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
plan skip_all => $@ if !AuthPlatform::Root::possible();

my @blocks = map { AuthPlatform::Guide::blocks("$top/conf/guides/$_.md") } qw(production upgrading);
my $debs   = $ENV{AUTHP_DEBIAN};
my $root   = AuthPlatform::Root->new(lower => '/', shared => [$top, $debs]);

# Installs Debian's package with its default site on port 80. No service starts by itself. Files of an installation on this machine are
# removed first.
my ($status, $said) = $root->run(qq{printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
    echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test
    DEBIAN_FRONTEND=noninteractive dpkg --force-depends --no-triggers -i '$debs'/*.deb
    rm -rf /etc/auth_platform /var/lib/auth_platform /usr/local/share/auth-platform /usr/local/sbin/authplatform /usr/lib/apache2/modules/mod_auth_platform.so
    [ "\$(ls /etc/apache2/sites-enabled)" = 000-default.conf ]});
is($status, 0, 'Debian\'s apache2') or diag $said;

# `make install` installs what is built already.
AuthPlatform::Production::walk($root, in => $top, blocks => \@blocks, env => { INSTALL_PROFILE => 'debug', DEPS => 'no', OUT => $ENV{OUT} || 'build/out' });
is_deeply([map { $_->{name} } grep { !$_->{done} } @blocks], [sort keys %NOT_HERE], 'every block of both guides has run, but for those named here');
done_testing;
