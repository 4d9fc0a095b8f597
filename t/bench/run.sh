#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What guarding costs, what the routes do a second on each store, and what a flood of sign-ins does to all of that: `make bench` calls
# it with AUTHP_MODULE, AUTHP_CLI, AUTHP_STORE_RATES, AUTHP_HASH_RATE and AUTHP_SCALE_RATES. T=guard, T=stores or T=flood is one of them.
# T=scale, which is not among them, compares stores with many rows with empty ones, see scale.pl. BENCH_QUICK=1 is shorter and rougher.
set -euo pipefail
cd "$(dirname "$0")/../.."
export BENCH_OUT="${OUT:-build/out}/bench"
mkdir -p "$BENCH_OUT"
if [ "${T:-guard}" = guard ]; then
    perl t/bench/guard.pl
fi
if [ "${T:-stores}" = stores ]; then
    AUTHP_MONGO_HEAP=3g AUTHP_PG_FSYNC=1 build/with-mongo.sh build/with-postgres.sh perl t/bench/stores.pl
fi
if [ "${T:-flood}" = flood ]; then
    perl t/bench/flood.pl
fi
if [ "${T:-}" = scale ]; then
    perl t/bench/scale.pl
fi
