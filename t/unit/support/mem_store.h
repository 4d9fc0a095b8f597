/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MEM_STORE_H
#define AUTHP_TEST_MEM_STORE_H

#include "store/store.h"

/* A provider in memory, held to the same contract suite as the real ones, with faults and races to
 * order. */
extern const authp_store_ops_t mem_store_ops;

/* The operation `op` ("session_rotate"; NULL = any) answers `err`: its nth call from now on only,
 * or every one with nth = 0. One order at a time; err AUTHP_OK cancels it. Nothing is changed by a
 * call that fails. */
void mem_store_fail(authp_store_t *store, const char *op, int nth, authp_err_t err);
/* The store's clock is this one (at first the system's), or so much ahead of it. */
void mem_store_clock(authp_store_t *store, const authp_clock_t *clock);
void mem_store_ahead(authp_store_t *store, authp_ms_t ms);
/* Runs `hook` once, right before the next `op` does its work: what another process might do in
 * between. */
void mem_store_before(authp_store_t *store, const char *op, void (*hook)(void *ctx), void *ctx);
/* The operations asked for since the last time this was asked, in order: "session_by_id
 * user_by_id". */
const char *mem_store_calls(authp_store_t *store, apr_pool_t *pool);
/* What is in it, to look at and to bend; NULL if there is no such row. */
authp_user_t *mem_store_user(authp_store_t *store, const char *id);
authp_session_t *mem_store_session(authp_store_t *store, const char *sid);
int mem_store_audit_count(authp_store_t *store, const char *event);

#endif
