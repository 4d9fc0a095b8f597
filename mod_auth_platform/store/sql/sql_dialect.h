/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_DIALECT_H
#define AUTHP_STORE_SQL_SQL_DIALECT_H

#include "store/columns.h"
#include "store/store.h"

#include <apr_dbd.h>

/* One SQL store over apr_dbd serves every database. What differs between databases is data, and a
 * few functions, in an authp_sql_dialect_t. */
typedef struct authp_sql_t authp_sql_t;

/* The text of a statement for one dialect, where the common one does not serve. */
typedef struct authp_sql_variant_t {
    const char *dialect; /* its name */
    const char *text;
} authp_sql_variant_t;

#define AUTHP_SQL_VARIANTS 2

/* A statement, kept as a static const beside the function that runs it. It is prepared on a
 * connection at its first use there, and found again by its address. A statement whose text does
 * not begin with SELECT writes, and waits in the dialect's queue of writers. Each statement answers
 * rows (those that write do so by RETURNING), because the row counts of apr_dbd are wrong.
 *
 * sql_expand.c replaces in its text, KIND being id, text, ref, texts, bool, int, time, salt,
 * identities or json:
 *     {?KIND}       the placeholder of a value of that kind
 *     {KIND:name}   an expression that reads the column `name` of that kind
 *     {absent:time}, {present:time}   whether the column `time` of times is absent or not
 *     {no}          false
 *     {none}        the value of an absent time
 *     {table:name}  the table `name`, with its schema if one is set: no table is named otherwise,
 *                   because behind a pooler the server's session may have another search_path
 *     {table}       the same for the table of `columns`
 *     {columns}     expressions that read all of `columns`
 *     {names}       the names of all columns
 *     {values}      the placeholders of all columns
 *     {changes}     name = placeholder, for all columns that are not AUTHP_COLUMN_FIXED
 *     {replaced}    name = excluded.name, for the same columns
 *     {emptied}     name = absent, for all columns that are not AUTHP_COLUMN_TOMBSTONE
 *     {forgotten}   name = absent, for all columns that are AUTHP_COLUMN_PERSONAL */
typedef struct authp_sql_statement_t {
    const char *name; /* for log lines */
    const authp_columns_t *columns;
    const char *text;
    authp_sql_variant_t variants[AUTHP_SQL_VARIANTS];
} authp_sql_statement_t;

/* How a dialect writes one kind of value. NULL: the default, which serves SQLite. */
typedef struct authp_sql_kind_t {
    const char *value;  /* a placeholder of apr_dbd: "%s" for texts, "%lld" for all others */
    const char *stored; /* the same where a column is written: in {values} and {changes}; as
                           `value` */
    const char *column; /* reads a column; {} stands for its name: "{}" */
    const char *absent; /* "NULL" for texts, "','" for lists of texts, "0" for all others */
} authp_sql_kind_t;

/* One step of the schema. `sql` of a released one is never edited: a change is a new step. A text
 * may have several statements, all of which can run inside a transaction. */
typedef struct authp_sql_migration_t {
    const char *name;
    const char *sql;
    const char *down; /* undoes `sql`: the schema is then as it was before the step */
    /* A SELECT that answers one text for each table or column of which `down` would drop data, for
     * example "users.phone". NULL: the step holds no data. */
    const char *holds;
} authp_sql_migration_t;

/* What an error of the driver says. */
typedef enum authp_sql_fault_t {
    AUTHP_SQL_BROKEN, /* nothing was done: reopen the connection and try once more */
    AUTHP_SQL_UNSURE, /* the same, but a statement that writes may have been done: only a statement
                         that reads is tried once more */
    AUTHP_SQL_LOST,   /* the same, because the database has gone: the breaker counts it */
    AUTHP_SQL_LOCKED, /* somebody else holds the database: try once more */
    AUTHP_SQL_SLOW,   /* it took too long, and nothing was done */
    AUTHP_SQL_TAKEN,  /* another row has a value that must be unique */
    AUTHP_SQL_NO_ROW, /* a value is such that no row can have it: there is none */
    AUTHP_SQL_WRONG   /* the statement itself is wrong: a bug */
} authp_sql_fault_t;

/* What a dialect asks of its connections. All may be NULL. `driver` and `handle` are apr_dbd's. */
typedef struct authp_sql_link_t {
    /* After a connection was opened. */
    void (*opened)(const apr_dbd_driver_t *driver, apr_dbd_t *handle);
    /* True if the server has closed this connection, which is idle. Asks nobody. */
    bool (*is_closed)(const apr_dbd_driver_t *driver, apr_dbd_t *handle);
    /* Called around the statements of one run. If they take longer than timeout_ms, the connection
     * must break, so that the driver returns. `guard` is what guard_open() made. */
    authp_err_t (*guard_open)(void **guard, apr_pool_t *pool);
    void (*guard_begin)(void *guard, const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                        int timeout_ms);
    void (*guard_end)(void *guard, apr_dbd_t *handle);
} authp_sql_link_t;

typedef struct authp_sql_dialect_t {
    const char *name;
    const char *driver; /* apr_dbd's name */
    const authp_sql_migration_t *migrations;
    int nmigrations;
    /* Starts a transaction that may write; one statement or several. */
    const char *(*begin)(const authp_store_config_t *config, apr_pool_t *pool);
    /* True if each statement needs a transaction of its own. NULL: none does. */
    bool (*wraps)(const authp_store_config_t *config);
    /* True if prepared statements get a name on the server. NULL: they do not. */
    bool (*names_prepared)(const authp_store_config_t *config);
    bool has_schemas;    /* {table:name} names the schema of the configuration */
    bool absent_is_null; /* an absent time is SQL's NULL, else kinds[AUTHP_COLUMN_TIME].absent */
    /* Run after `begin` in the transaction in which steps are made and undone: keeps other
     * processes from doing the same until COMMIT, and lifts the bound on the time of a statement.
     * Rows that it answers are ignored. The texts of the steps name tables without a schema, so it
     * also sets where tables are made and found, until COMMIT. NULL: `begin` is enough. */
    const char *(*migrate_lock)(const authp_store_config_t *config, apr_pool_t *pool);
    /* Run in that transaction before a step is undone. It locks our tables for others until
     * COMMIT, so that no row is added between the check for data (`holds`) and the drop. NULL:
     * the transaction locks them anyway. */
    const char *undo_lock;
    /* A SELECT that answers a row if the table schema_migrations exists, and that a user who may
     * create nothing can run. */
    const char *(*has_migrations)(const authp_store_config_t *config, apr_pool_t *pool);
    authp_sql_kind_t kinds[AUTHP_COLUMN_KINDS];
    /* Answers the database's time in ms. NULL: the database is on this host. */
    const authp_sql_statement_t *clock;
    /* The connection string for the driver. It may contain a password, and is never logged. */
    const char *(*params)(const authp_store_config_t *config, apr_pool_t *pool);
    /* The statements for each new connection, with a NULL at the end. */
    const char *const *(*session)(const authp_store_config_t *config, apr_pool_t *pool);
    /* Called before each connection is opened: makes files that must exist. May be NULL. */
    authp_err_t (*before_open)(const authp_store_config_t *config, apr_pool_t *pool);
    /* `text` is the driver's message for `rc`. */
    authp_sql_fault_t (*classify)(int rc, const char *text);
    /* Returns what the operator can do about the error, for the end of the log line, or "".
     * NULL: always "". */
    const char *(*advice)(const char *text);
    /* The part of the driver's message after a failed opening that may be logged, which must not
     * contain the connection string; NULL = no part. NULL: no message may be logged. */
    const char *(*open_reason)(const char *text, apr_pool_t *pool);
    authp_sql_link_t link;
    /* The queue of writers. All NULL where the database orders writers itself. */
    authp_err_t (*lock_open)(const authp_store_config_t *config, void **lock, apr_pool_t *pool);
    authp_err_t (*write_lock)(void *lock, int timeout_ms);
    void (*write_unlock)(void *lock);
} authp_sql_dialect_t;

#endif
