#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command beside a fresh PostgreSQL server: build/with-postgres.sh COMMAND...
# The command finds the server by AUTHP_POSTGRES_URL. With AUTHP_POOLED=1 that is PgBouncer in front of the server, and
# AUTHP_POSTGRES_DIRECT_URL is the server itself. If AUTHP_TEST_PG is the URL of a real server, that one is used instead.
# AUTHP_PG_FSYNC=1: what was committed is written to the disk, as in production. Tests do without it.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${AUTHP_TEST_PG:-}" ]; then
    AUTHP_POSTGRES_URL=$AUTHP_TEST_PG AUTHP_POSTGRES_DIRECT_URL=$AUTHP_TEST_PG exec "$@"
fi
# shellcheck disable=SC2016 # variables of Perl
exec perl -It/lib -MAuthPlatform::Postgres -e '
    my $server = AuthPlatform::Postgres->new(fsync => $ENV{AUTHP_PG_FSYNC})->start;
    $ENV{AUTHP_POSTGRES_DIRECT_URL} = $server->uri;
    $server->bouncer if $ENV{AUTHP_POOLED};
    $ENV{AUTHP_POSTGRES_URL} = $server->uri;
    $SIG{$_} = sub { kill "TERM", $main::pid if $main::pid; exit 143 } for qw(INT TERM HUP);
    $main::pid = fork // die "fork: $!\n";
    exec @ARGV or die "$ARGV[0]: $!\n" if !$main::pid;
    waitpid $main::pid, 0;
    exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
' -- "$@"
