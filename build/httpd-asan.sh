#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands in for httpd where the module was built with ASan: the runtime must be loaded first. Behind it comes
# t/unit/support/pool_shim.c, by which a use of a pool's memory after the pool was cleared is a report too.
# Reports go to $AUTHP_ASAN_DIR/report.<pid>. A process with a report ends by itself and not by a signal, so that tests that look for
# crashes in httpd's log do not see one where only the leak check did not work; build/e2e.sh looks at the reports.
case "${1:-}" in
    -V | -v | -l | -L) exec /usr/sbin/apache2 "$@" ;;
esac
export ASAN_OPTIONS="abort_on_error=0:detect_leaks=1:fast_unwind_on_malloc=0:log_path=$AUTHP_ASAN_DIR/report"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$AUTHP_ASAN_DIR/report"
export LSAN_OPTIONS="suppressions=$AUTHP_ASAN_DIR/lsan.supp:print_suppressions=0"
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $AUTHP_ASAN_DIR/pool_shim.so"
export LD_PRELOAD
exec /usr/sbin/apache2 "$@"
