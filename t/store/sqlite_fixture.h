/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_SQLITE_FIXTURE_H
#define AUTHP_TEST_SQLITE_FIXTURE_H

#include "store/store.h"

/* A folder of the test's own with one database in it. */
void sqlite_fixture_make(void);
void sqlite_fixture_remove(void);
const char *sqlite_fixture_file(void);
authp_store_t *sqlite_fixture_open(apr_pool_t *pool);

#endif
