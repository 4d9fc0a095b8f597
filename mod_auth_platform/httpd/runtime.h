/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_RUNTIME_H
#define AUTHP_HTTPD_RUNTIME_H

#include "httpd/module.h"

#include "api/core/gate.h"
#include "service/live/live.h"
#include "service/mail/sender.h"

#include <apr_thread_mutex.h>
#include <pthread.h>

/* The state of one generation of the server: of the time between two readings of the configuration.
 * check_config makes it, post_config adds the shared memory, and each child completes its own copy
 * after it is forked. */
typedef struct authp_runtime_t {
    authp_realm_t *realm;
    const authp_store_ops_t *store_ops;
    authp_store_config_t store_config;
    authp_hasher_bound_t *bound;
    authp_live_table_t *live_table;
    authp_crowd_t *crowd;
    authp_gate_t gate;
    server_rec *server;
    pid_t parent; /* the process that reads the configuration */
    /* Warnings about the configuration (const char *), logged at a start. */
    apr_array_header_t *warnings;
    /* What follows belongs to one child. */
    apr_pool_t *pool;
    apr_thread_mutex_t *lock;
    struct authp_pacer_t *pacer;
    /* A round of mod_watchdog holds it for reading; see httpd/maintain.h. */
    pthread_rwlock_t rounds;
    bool closing;
    atomic_bool ready; /* the store and the hasher of the realm are open */
    /* What follows is used only by the thread of the child's watchdog. */
    authp_ms_t purge_at; /* monotonic: when the next purge begins */
    bool purge_refused;  /* the latest purge was refused, because the clocks differ */
    /* What follows is used by httpd/mail_task.h and httpd/mail_stop.h. */
    authp_mail_sender_t *mail_sender; /* NULL: this child sends no mails */
    atomic_bool mail_cancel;          /* the child ends: rounds must end, and none begins */
    atomic_bool mail_busy;            /* a round may be at work */
} authp_runtime_t;

/* The state of the present generation: NULL before check_config, and if the configuration does not
 * use the module. Every hook then declines. */
authp_runtime_t *authp_runtime_get(void);
/* Sets it, before there are children. At a reload httpd unloads the module and loads it again, so a
 * new generation usually begins with new static variables. Some builds of httpd keep the module
 * loaded, so pre_config sets NULL. */
void authp_runtime_set(authp_runtime_t *runtime);

#endif
