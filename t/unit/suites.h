/* SPDX-License-Identifier: Apache-2.0 */
/* No guard: included more than once, with AUTHP_SUITE defined by the includer.
 * One row for each `Suite *suite_<name>(void)` below t/unit and t/store; the guard suites.sh finds
 * a file whose suite is missing here. Sorted. */
AUTHP_SUITE(account)
AUTHP_SUITE(account_rules)
AUTHP_SUITE(audit)
AUTHP_SUITE(bcrypt)
AUTHP_SUITE(contract_mem)
AUTHP_SUITE(contract_sqlite)
AUTHP_SUITE(guard)
AUTHP_SUITE(live)
AUTHP_SUITE(login)
AUTHP_SUITE(realm)
AUTHP_SUITE(refresh)
AUTHP_SUITE(refresh_races)
AUTHP_SUITE(refresh_rules)
AUTHP_SUITE(refresh_threads)
AUTHP_SUITE(route)
AUTHP_SUITE(session)
AUTHP_SUITE(settings)
AUTHP_SUITE(sqlite)
AUTHP_SUITE(token)
