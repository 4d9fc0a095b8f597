/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_DIALECT_FIXTURE_H
#define AUTHP_TEST_DIALECT_FIXTURE_H

#include "store/sql/sql_dialect.h"

/* A second dialect, which nobody uses but tests. It runs over the driver of SQLite, but keeps times
 * as texts of 15 digits and bools as "yes" and "no", has a clock of its own, no queue of writers,
 * takes its file from a URL (fake:FILE), and waits for a locked database as long as the
 * configuration says. */
extern const authp_sql_dialect_t dialect_fixture;
extern const authp_store_ops_t dialect_fixture_ops;

#endif
