/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_KEPT_FIXTURE_H
#define AUTHP_TEST_KEPT_FIXTURE_H

#include "fake_clock.h"
#include "net/kept.h"

#include <stdatomic.h>

#define KEPT_URL "https://op.example/jwks?secret=hush"
#define KEPT_PATIENCE_MS 20000

/* A server that answers as a test says. */
typedef struct script_t {
    atomic_int calls;
    atomic_int held; /* while set, a fetch does not end */
    authp_err_t err;
    int status;
    const char *body;
    int64_t max_age;
    char url[200]; /* of the latest request */
    size_t limit;
    int timeout_ms;
} script_t;

/* A kept document. Its value is the text itself; "bad" is refused. */
typedef struct kept_fixture_t {
    apr_pool_t *pool;
    fake_clock_t clock;
    script_t script; /* at first: 200 "one", without a time */
    authp_fetcher_t fetcher;
    authp_kept_t *kept;
    atomic_int freed; /* values that are gone */
    char line[1100];  /* the latest of the log */
} kept_fixture_t;

void kept_fixture_open(kept_fixture_t *f);
void kept_fixture_close(kept_fixture_t *f);
/* Another one, with the same server and clock. */
authp_kept_t *kept_fixture_with(kept_fixture_t *f, int timeout_ms, apr_pool_t *pool);
/* authp_kept_get() that works. */
const char *kept_fixture_get(kept_fixture_t *f, const char *url);

#endif
