/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WAYS_BACK_H
#define AUTHP_TEST_WAYS_BACK_H

#include "store/store.h"

#include <check.h>

/* The suite of migrations up and down, which every dialect of the SQL store must pass. All dialects
 * have the same steps. */
typedef struct ways_back_t {
    /* Opens a store on the database of the test. */
    authp_store_t *(*open)(apr_pool_t *pool);
    /* Runs a statement outside of the store. Returns the first column of its first row; NULL if
     * there is no row, or SQL's NULL. */
    const char *(*ask)(const char *text, apr_pool_t *pool);
    /* A SELECT that answers the tables, columns and indexes as one text; NULL or "" if there are
     * none. */
    const char *shape;
} ways_back_t;

/* Call it in the setup of each test, after the database was made, and ways_back_end() in the
 * teardown. */
void ways_back_begin(const ways_back_t *dialect);
void ways_back_end(void);
Suite *ways_back_suite(const char *name, SFun setup, SFun teardown);

#endif
