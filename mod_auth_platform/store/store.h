/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_STORE_H
#define AUTHP_STORE_STORE_H

#include "base/err.h"
#include "store/columns.h"
#include "store/model.h"

#include <apr_pools.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* The store port. A provider fills in an authp_store_ops_t. The operations are listed, with their
 * contracts, in store/operations.def. */
#define AUTHP_STORE_VERSION 11

typedef struct authp_store_config_t {
    const char *file;     /* sqlite: the database file, an absolute path */
    const char *uri;      /* mongodb, postgresql: how to reach it; may contain a password */
    const char *database; /* mongodb: the database's name */
    const char *schema;   /* postgresql: the schema with our tables; NULL = as the role has it */
    /* postgresql: statements get no names, and each is a transaction of its own, as a pooler of
     * connections needs it. */
    bool unprepared;
    int timeout_ms;      /* bound on one operation, 2000 */
    int max_connections; /* of one process */
    bool bulk; /* true in a process that imports many rows: the store may use more memory */
    /* Names (const char *) of the identity providers, for which MongoDB makes indexes; NULL =
     * none. */
    const apr_array_header_t *identity_names;
    /* Shared by all processes of a server: set after one of them has logged which optional features
     * the store lacks. NULL (the tool): nothing is logged. */
    atomic_bool *told;
    /* SQL: while it is true, this process ends, and an operation that finds the database locked is
     * not tried a second time. NULL: such an operation is always tried a second time. */
    const atomic_bool *ending;
} authp_store_config_t;

/* What migrate() is to reach. */
#define AUTHP_STORE_NEWEST (-1)
typedef struct authp_store_goal_t {
    int steps;  /* the number of steps of the schema after the call; AUTHP_STORE_NEWEST = all */
    bool force; /* steps are undone even if data is lost */
} authp_store_goal_t;

/* What migrate() has done. */
typedef struct authp_store_migrated_t {
    int made;   /* steps */
    int undone; /* steps */
    /* Set only with AUTHP_E_CONFLICT and AUTHP_E_MALFORMED: one line for the operator that says
     * why. Nothing was changed then. */
    const char *refusal;
} authp_store_migrated_t;

/* Which of an account's names is given at sign-in. */
typedef enum authp_login_kind_t {
    AUTHP_LOGIN_EMAIL,
    AUTHP_LOGIN_USERNAME,
    AUTHP_LOGIN_PHONE
} authp_login_kind_t;

/* AUTHP_STORE_LIST (a, b) is `a, b`: the parameters or arguments of a row of operations.def. */
#define AUTHP_STORE_LIST(...) __VA_ARGS__

/* The table that a provider fills in. `self` is what its open() made. */
typedef struct authp_store_ops_t {
    int version; /* the AUTHP_STORE_VERSION that the provider was written for */
    const char *name;

    /* Checks the configuration. Contacts and creates nothing. Returns NULL, or one line that says
     * what is wrong. */
    const char *(*check)(const authp_store_config_t *config, apr_pool_t *pool);
    /* Where the data is, for a person to read; nothing secret. */
    const char *(*place)(const authp_store_config_t *config, apr_pool_t *pool);
    /* Called as root before children exist. Makes the files and folders that must belong to
     * `uid`:`gid` (-1: leaves the owner alone). */
    authp_err_t (*prepare)(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool);
    /* Called as root after all children of one configuration have ended. Removes what killed
     * children left behind, unless another process uses it. `uid` was the children's. May be
     * NULL. */
    void (*sweep)(const authp_store_config_t *config, uid_t uid, apr_pool_t *pool);
    /* Called after fork, as httpd's User. Contacts nothing that may block: the first operation
     * connects and migrates. */
    authp_err_t (*open)(const authp_store_config_t *config, apr_pool_t *pool, void **self);
    /* Brings the schema to `goal` now: makes the steps that are missing, or undoes the newest ones.
     * AUTHP_E_CONFLICT: undoing would lose data. AUTHP_E_MALFORMED: this store has no such goal.
     * For both, out->refusal is set. */
    authp_err_t (*migrate)(void *self, const authp_store_goal_t *goal, authp_store_migrated_t *out,
                           apr_pool_t *pool);
    authp_err_t (*ping)(void *self, apr_pool_t *pool);
    /* Closes connections that have been idle for long. Called every few seconds. May be NULL. */
    void (*maintain)(void *self);

#define OPERATION(name, params, args) authp_err_t (*(name))(void *self, AUTHP_STORE_LIST params);
#include "store/operations.def"
} authp_store_ops_t;

/* An open store. Callers use the functions below, not the members. */
typedef struct authp_store_t {
    const authp_store_ops_t *ops;
    void *self;
    atomic_llong offset;  /* how far the store's clock is ahead of this host's, in ms */
    atomic_bool measured; /* `offset` is known */
} authp_store_t;

/* Opens the store of the provider `ops` (store/providers/providers.h). It lives as long as `pool`.
 */
AUTHP_CHECKED authp_err_t authp_store_open(const authp_store_ops_t *ops,
                                           const authp_store_config_t *config, authp_store_t **out,
                                           apr_pool_t *pool);

/* Brings the schema up to date. *applied counts the steps that were made. */
AUTHP_CHECKED authp_err_t authp_store_migrate(authp_store_t *s, int *applied, apr_pool_t *pool);
/* Calls the provider's migrate(). */
AUTHP_CHECKED authp_err_t authp_store_migrate_to(authp_store_t *s, const authp_store_goal_t *goal,
                                                 authp_store_migrated_t *out, apr_pool_t *pool);
/* These call the provider's function of the same name. */
AUTHP_CHECKED authp_err_t authp_store_ping(authp_store_t *s, apr_pool_t *pool);
void authp_store_maintain(authp_store_t *s);
#define OPERATION(name, params, args)                                                              \
    AUTHP_CHECKED authp_err_t authp_store_##name(authp_store_t *s, AUTHP_STORE_LIST params);
#include "store/operations.def"

/* Compares the store's clock with `clock`, this host's. From then on authp_store_time() converts to
 * the store's time, which all operations use. So hosts with different clocks see each other's
 * changes in order, and agree about what has expired. */
AUTHP_CHECKED authp_err_t authp_store_measure_clock(authp_store_t *s, const authp_clock_t *clock,
                                                    apr_pool_t *pool);
/* If the clocks differ by more than this, times cannot be compared: /readyz fails, and nothing is
 * purged. */
#define AUTHP_STORE_CLOCKS_DIFFER_MS 20000
bool authp_store_offset_fine(int64_t offset_ms);
/* Takes the offset that another process of this host has measured. */
void authp_store_set_offset(authp_store_t *s, int64_t offset_ms);
/* Returns `now`, a time of this host, in the store's time. */
authp_ms_t authp_store_time(authp_store_t *s, authp_ms_t now);
/* Returns false if the clocks have not been compared. *offset_ms: how far the store's is ahead. */
bool authp_store_offset(authp_store_t *s, int64_t *offset_ms);

#endif
