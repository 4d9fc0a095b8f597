#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: a test that is never called always passes. Each file of unit tests defines at least one suite, each suite is listed in suites.h, and
# each START_TEST is added to a test case.
set -euo pipefail
cd "$(dirname "$0")/../.."

found=0
say() {
    echo "$1"
    found=1
}

mapfile -t files < <(find t/unit t/store -name '*.c' 2>/dev/null | sort)
[ -f t/unit/suites.h ] || { echo "missing t/unit/suites.h"; exit 1; }
listed=$(sed -nE 's/^AUTHP_SUITE\(([a-z0-9_]+)\).*/\1/p' t/unit/suites.h | sort)
[ -n "$listed" ] || say "missing: t/unit/suites.h lists no suite"
defined=$(sed -nE 's/^Suite \*suite_([a-z0-9_]+)\(void\)$/\1/p' "${files[@]}" | sort)

while IFS= read -r name; do
    [ -z "$name" ] || say "suite_$name is not in t/unit/suites.h"
done < <(comm -13 <(echo "$listed") <(echo "$defined"))
while IFS= read -r name; do
    [ -z "$name" ] || say "t/unit/suites.h lists $name, which no file defines"
done < <(comm -23 <(echo "$listed") <(echo "$defined"))

while IFS= read -r finding; do
    say "$finding"
done < <(perl -0777 -ne '
    print "$ARGV: defines no suite\n" if $ARGV =~ m{/test_[^/]*\.c$} && !/^Suite \*suite_/m;
    my %added;
    for my $call (/tcase_add_[a-z_]*test[a-z_]*\(([^;]*)/g) { $added{$_} = 1 for $call =~ /\w+/g }
    $added{$_} or print "$ARGV: test $_ is not in a test case\n" for /^START_TEST\(([a-z0-9_]+)\)/mg;
' "${files[@]}")
exit "$found"
