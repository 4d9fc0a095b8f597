/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_FEED_H
#define AUTHP_SERVICE_INTAKE_FEED_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of an input, one after the other, with the number of the line. The memory in use does
 * not depend on the size of the input. */

/* Reads at most `len` bytes. Returns their number, 0 at the end, -1 after a failure. */
typedef int authp_feed_read_fn(void *ctx, char *buffer, int len);

typedef struct authp_feed_t authp_feed_t;

/* A byte order mark at the start is left out. */
authp_feed_t *authp_feed_make(authp_feed_read_fn *read, void *ctx, apr_pool_t *pool);

#define AUTHP_FEED_END (-1)

/* The next byte, or AUTHP_FEED_END. */
int authp_feed_get(authp_feed_t *feed);
/* The same without taking it. */
int authp_feed_peek(authp_feed_t *feed);
/* The same after all blanks, tabs and line ends. */
int authp_feed_peek_past_space(authp_feed_t *feed);

/* The line of the next byte; the first one is 1. */
long authp_feed_line(const authp_feed_t *feed);
/* How many bytes have been taken. */
int64_t authp_feed_taken(const authp_feed_t *feed);

/* Notes why the input is refused, with the line of the next byte, and returns AUTHP_E_MALFORMED.
 * Only the first reason is kept. If the input could not be read, the reason is that, and the result
 * is AUTHP_E_UNAVAILABLE. `why` must not contain data of the input. */
AUTHP_CHECKED authp_err_t authp_feed_refuse(authp_feed_t *feed, const char *why);
/* The same with the line `line`. */
AUTHP_CHECKED authp_err_t authp_feed_refuse_at(authp_feed_t *feed, long line, const char *why);
/* The reason, such as "line 17: a quote is not closed". NULL if there is none. */
const char *authp_feed_refusal(const authp_feed_t *feed);
/* AUTHP_E_UNAVAILABLE if the input could not be read. */
AUTHP_CHECKED authp_err_t authp_feed_check(authp_feed_t *feed);

/* The largest record of an input. */
#define AUTHP_FEED_RECORD_MOST (1024 * 1024)

/* The text of one record, in memory that all records use one after the other. */
typedef struct authp_record_t {
    char *text;
    size_t len;
    size_t room;
    apr_pool_t *pool;
} authp_record_t;

/* Adds a byte. False, without adding it, if the record has AUTHP_FEED_RECORD_MOST bytes. */
bool authp_feed_keep(authp_record_t *record, int byte);

#endif
