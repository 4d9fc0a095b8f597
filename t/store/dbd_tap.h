/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_DBD_TAP_H
#define AUTHP_TEST_DBD_TAP_H

#include <stdbool.h>

/* Stands between the SQL store and apr_dbd in the test program: notes each call, and can make calls
 * fail. Until dbd_tap_begin() it only passes calls on. For tests with one thread. */

/* Begins to note, and forgets all that was noted and all failures that were to come. */
void dbd_tap_begin(void);
void dbd_tap_end(void);

/* What was noted since dbd_tap_begin() or the last dbd_tap_take(), one line a call:
 *     open PARAMS | close | send TEXT | prepare NAME: TEXT | run TEXT
 * "send" is apr_dbd_query() and apr_dbd_select(). The name is "-" if there is none. */
const char *dbd_tap_take(void);

/* How often `part` is in the text. */
int dbd_tap_count(const char *text, const char *part);

/* The next `times` calls with a text that contains `part` are not made, and fail with `rc`. The
 * driver's message is `message` then. */
void dbd_tap_fail(const char *part, int times, int rc, const char *message);

/* The same, but the calls are made first, so that the database has done what is reported as
 * failed. */
void dbd_tap_lose(const char *part, int times, int rc, const char *message);

/* Called before each call with its text; NULL = nothing. */
typedef void dbd_tap_fn(const char *text);
void dbd_tap_watch(dbd_tap_fn *watch);

/* What the lists of connections got, for tests of their sizes and times. */
typedef struct dbd_tap_list_t {
    int least;
    int soft_most;
    int most;
    long long idle_us;    /* after which a connection is closed */
    long long timeout_us; /* how long a caller waits for a connection */
    int maintained;       /* calls of apr_reslist_maintain() */
    long long kept;       /* bytes that the allocator of the last connection keeps */
} dbd_tap_list_t;
extern dbd_tap_list_t dbd_tap_list;

/* While they are true, apr_dbd has no driver, or a list cannot be made. */
extern bool dbd_tap_no_driver;
extern bool dbd_tap_no_list;

#endif
