# SPDX-License-Identifier: Apache-2.0
# Libraries for LD_PRELOAD that replace a function of the C library, for tests that need a rare moment or another clock.
package AuthPlatform::Shim;
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use Exporter 'import';
use File::Temp ();

our @EXPORT_OK = qw(build_shim);

# Compiles $source. Returns the path of the library, which every user can read. It is removed when the test ends.
sub build_shim {
    my ($source) = @_;
    my $dir = File::Temp::tempdir('authp-shim-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    AuthPlatform::Httpd::write_file("$dir/shim.c", $source);
    system(qw(gcc -shared -fPIC -O1 -o), "$dir/shim.so", "$dir/shim.c", '-ldl') == 0 or die "gcc: $?\n";
    return "$dir/shim.so";
}

1;
