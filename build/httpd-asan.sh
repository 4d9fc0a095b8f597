#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs in place of httpd if the module was built with ASan, because ASan's runtime must be loaded first. After it comes
# t/unit/support/pool_shim.c, so that a use of a pool's memory after the pool was cleared is reported too. Reports go to
# $AUTHP_ASAN_DIR/report.<pid>, and build/e2e.sh reads them. A process with a report exits and does not abort, because a failed leak check
# alone would otherwise look like a crash in httpd's log.
# The stack of an allocation ends at the first library without frame pointers. AUTHP_ASAN_STACKS=1 shows whole
# stacks: httpd then needs twice the processor time. So no suppression in build/lsan.supp may need more than the innermost frame.
# Without intercept_tls_get_addr=0 the runtime guesses where the thread-local memory of a library is. With this glibc the guess is wrong for some
# layouts of the module, and the leak checker then reads a wrong address and dies.
case "${1:-}" in
    -V | -v | -l | -L) exec /usr/sbin/apache2 "$@" ;;
esac
export ASAN_OPTIONS="abort_on_error=0:intercept_tls_get_addr=0:detect_leaks=1${AUTHP_ASAN_STACKS:+:fast_unwind_on_malloc=0}:log_path=$AUTHP_ASAN_DIR/report"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$AUTHP_ASAN_DIR/report"
export LSAN_OPTIONS="suppressions=$AUTHP_ASAN_DIR/lsan.supp:print_suppressions=0"
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $AUTHP_ASAN_DIR/pool_shim.so"
export LD_PRELOAD
exec /usr/sbin/apache2 "$@"
