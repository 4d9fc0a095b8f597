/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_DIALECT_FIXTURE_H
#define AUTHP_TEST_DIALECT_FIXTURE_H

#include "store/sql/sql_dialect.h"

/* A second SQL dialect that only tests use. It runs on the driver of SQLite, but stores times as
 * texts of 15 digits and bools as "yes" and "no", has a clock of its own and no queue of writers,
 * takes its file from a URL (fake:FILE), and has a setting of the connection that follows the
 * configuration: cache_size is the negative time-out. It sets no busy_timeout, because the driver
 * would wait under its one mutex, which the transaction that is waited for needs, too. */
extern const authp_sql_dialect_t dialect_fixture;
extern const authp_store_ops_t dialect_fixture_ops;

#endif
