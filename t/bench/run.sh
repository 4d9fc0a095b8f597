#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What guarding costs: `make bench` calls it with AUTHP_MODULE and AUTHP_CLI. BENCH_QUICK=1 is shorter and rougher.
set -euo pipefail
cd "$(dirname "$0")/../.."
export BENCH_OUT="${OUT:-build/out}/bench"
mkdir -p "$BENCH_OUT"
exec perl t/bench/bench.pl
