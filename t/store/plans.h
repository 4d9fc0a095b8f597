/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_PLANS_H
#define AUTHP_TEST_PLANS_H

#include "store/store.h"

/* The plans of the statements that an SQL store has prepared so far. The contract suites of SQL
 * stores call this after each test, so that every statement of every operation is seen. Fails if a
 * statement reads a whole table, or a whole index. Statements that may are in a list in plans.c.
 * With AUTHP_PLANS=1 in the environment all plans are printed. */
void plans_check(authp_store_t *store);

#endif
