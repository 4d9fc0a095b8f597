/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_LIFECYCLE_H
#define AUTHP_HTTPD_LIFECYCLE_H

#include "httpd/module.h"

#include "api/gate.h"
#include "service/live.h"

#include <apr_thread_mutex.h>
#include <pthread.h>

/* What one generation of the server shares: made in check_config, completed in each child. */
typedef struct authp_runtime_t {
    authp_realm_t *realm;
    const authp_store_ops_t *store_ops;
    authp_store_config_t store_config;
    authp_hasher_bound_t *bound;
    authp_live_table_t *live_table;
    authp_crowd_t *crowd;
    authp_gate_t gate;
    server_rec *server;
    pid_t parent;                 /* the process that reads the configuration */
    apr_array_header_t *warnings; /* const char *: what a start says about the configuration */
    /* of the child */
    apr_pool_t *pool;
    apr_thread_mutex_t *lock;
    struct authp_pacer_t *pacer;
    pthread_rwlock_t rounds; /* read: a round of the watchdog is at work; see httpd/maintain.h */
    bool closing;
    atomic_bool ready; /* store and hasher of the realm are there */
    /* Of the child's watchdog alone. */
    authp_ms_t purge_at; /* monotonic: when it next sweeps up */
    bool purge_refused;  /* the last one, because clocks differ */
} authp_runtime_t;

void authp_lifecycle_register(apr_pool_t *pool);

/* NULL where the configuration makes no use of the module: every hook then lets requests be. */
authp_runtime_t *authp_lifecycle_runtime(void);

/* Can account routes be served? Tries to open what could not be opened when the child started. */
bool authp_lifecycle_ready(void);

#endif
