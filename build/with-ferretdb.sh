#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command beside a fresh FerretDB: build/with-ferretdb.sh COMMAND...
# The command finds the server by AUTHP_TEST_MONGO and AUTHP_MONGODB_URI, as if it were a real server. With AUTHP_BARE=1 conditional updates
# are not atomic (t/lib/AuthPlatform/Ferret.pm).
set -euo pipefail
cd "$(dirname "$0")/.."

build/ferretdb.sh
AUTHP_FERRETDB=$(realpath "${OUT:-build/out}/ferretdb")
export AUTHP_FERRETDB
# shellcheck disable=SC2016 # variables of Perl
exec perl -It/lib -MAuthPlatform::Ferret -e '
    my $server = AuthPlatform::Ferret->new(bare => $ENV{AUTHP_BARE})->start;
    $ENV{AUTHP_TEST_MONGO} = $ENV{AUTHP_MONGODB_URI} = $server->uri;
    $SIG{$_} = sub { kill "TERM", $main::pid if $main::pid; exit 143 } for qw(INT TERM HUP);
    $main::pid = fork // die "fork: $!\n";
    exec @ARGV or die "$ARGV[0]: $!\n" if !$main::pid;
    waitpid $main::pid, 0;
    exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
' -- "$@"
