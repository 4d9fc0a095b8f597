/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MEM_STORE_H
#define AUTHP_TEST_MEM_STORE_H

#include "store/store.h"

/* A store in memory that must pass the same contract suite as the real ones. Tests can order faults
 * and races. */
extern const authp_store_ops_t mem_store_ops;

/* Makes the operation `op` ("session_rotate"; NULL = any) return `err` at its nth call from now on,
 * or at every call with nth = 0. A call that fails changes nothing. Only one order exists at a
 * time; AUTHP_OK cancels it. */
void mem_store_fail(authp_store_t *store, const char *op, int nth, authp_err_t err);
/* Sets the clock of the store (at first the system's), or how many milliseconds it is ahead of that
 * clock. */
void mem_store_clock(authp_store_t *store, const authp_clock_t *clock);
void mem_store_ahead(authp_store_t *store, authp_ms_t ms);
/* Runs `hook` once, right before the next `op` does its work, to simulate a change by another
 * process. */
void mem_store_before(authp_store_t *store, const char *op, void (*hook)(void *ctx), void *ctx);
/* Returns the names of the operations since the previous call of this function, in order:
 * "session_by_id user_by_id". */
const char *mem_store_calls(authp_store_t *store, apr_pool_t *pool);
/* Return the stored row itself, which a test may read and change, or NULL. */
authp_user_t *mem_store_user(authp_store_t *store, const char *id);
authp_session_t *mem_store_session(authp_store_t *store, const char *sid);
int mem_store_audit_count(authp_store_t *store, const char *event);

#endif
