/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql/postgresql_error.h"

#include <apr_strings.h>
#include <stdbool.h>
#include <string.h>

#define STATE_LEN 5

/* What an SQLSTATE means. A row counts for every SQLSTATE with this beginning, and the first
 * such row counts. If there is none, the statement is wrong. After 57P01 and similar ones the
 * server closes the connection; with a synchronous standby a transaction may have been done
 * before that. */
static const struct {
    const char *begins;
    authp_sql_fault_t fault;
} states[] = {
    {"08", AUTHP_SQL_LOST},      /* connection exceptions */
    {"57P", AUTHP_SQL_LOST},     /* shutdown, crash, starting up */
    {"40003", AUTHP_SQL_LOST},   /* statement completion unknown */
    {"22021", AUTHP_SQL_NO_ROW}, /* bytes that are not UTF-8, which no text has */
    {"23505", AUTHP_SQL_TAKEN},  /* unique violation */
    {"25006",
     AUTHP_SQL_BROKEN}, /* read-only transaction: this server is not the primary any more */
    {"26000", AUTHP_SQL_BROKEN}, /* no such prepared statement: not the session it was made in */
    {"42P05", AUTHP_SQL_BROKEN}, /* there is such a prepared statement: the same */
    {"0A000", AUTHP_SQL_BROKEN}, /* a cached plan after a change of the schema */
    {"42P01", AUTHP_SQL_BROKEN}, /* no such table: the schema was removed */
    {"42703", AUTHP_SQL_BROKEN}, /* no such column: the schema was set back */
    {"3F000", AUTHP_SQL_BROKEN}, /* no such schema */
    {"40", AUTHP_SQL_LOCKED},    /* deadlock, serialization failure */
    {"55P03", AUTHP_SQL_SLOW},   /* lock not available in time */
    {"57014", AUTHP_SQL_SLOW},   /* statement_timeout */
    {"25P03", AUTHP_SQL_BROKEN}, /* idle in a transaction for too long */
    {"53100", AUTHP_SQL_UNSURE}, /* no disk: maybe for the log of a transaction that is done */
    {"53", AUTHP_SQL_BROKEN},    /* no memory, too many connections */
    {"58", AUTHP_SQL_UNSURE},    /* input or output error of the server: the same as 53100 */
    {"XX", AUTHP_SQL_UNSURE},    /* internal error, damaged data: the same */
};

static bool is_state(const char *at)
{
    for (int i = 0; i < STATE_LEN; i++) {
        if ((at[i] < '0' || at[i] > '9') && (at[i] < 'A' || at[i] > 'Z')) {
            return false;
        }
    }
    return at[STATE_LEN] == ':';
}

/* The SQLSTATE in a text; NULL if there is none. */
static const char *state_in(const char *text)
{
    static const char before[] = ":  ";
    const char *at = text != NULL ? strstr(text, before) : NULL;
    return at != NULL && is_state(at + sizeof(before) - 1) ? at + sizeof(before) - 1 : NULL;
}

authp_sql_fault_t authp_postgresql_error_classify(int rc, const char *text)
{
    const char *state = state_in(text);
    (void)rc;
    if (state == NULL) {
        return AUTHP_SQL_LOST;
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strncmp(state, states[i].begins, strlen(states[i].begins)) == 0) {
            return states[i].fault;
        }
    }
    return AUTHP_SQL_WRONG;
}

/* A pooler that shares sessions between transactions is the usual reason why a prepared statement
 * is missing, or there before it was made. */
const char *authp_postgresql_error_advice(const char *text)
{
    const char *state = state_in(text);
    bool prepared = state != NULL && (strncmp(state, "26000", STATE_LEN) == 0 ||
                                      strncmp(state, "42P05", STATE_LEN) == 0);
    return prepared ? " (behind PgBouncer in transaction mode AUTH_DB_PREPARED=off is needed)" : "";
}

/* Beginnings of messages that contain no part of the connection string but its host or its file
 * names. */
static const char *const harmless[] = {"could not translate host name",
                                       "root certificate file",
                                       "certificate file",
                                       "private key file",
                                       "could not read certificate",
                                       "could not load",
                                       "invalid sslmode value"};

/* For each host that was tried libpq says: connection to server at "HOST", port N failed: REASON.
 * The reason of the last one is shown. */
const char *authp_postgresql_error_open_reason(const char *text, apr_pool_t *pool)
{
    static const char before[] = " failed: ";
    const char *reason = NULL;
    for (const char *at = strstr(text, before); at != NULL; at = strstr(reason, before)) {
        reason = at + sizeof(before) - 1;
    }
    for (size_t i = 0; reason == NULL && i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        reason = strncmp(text, harmless[i], strlen(harmless[i])) == 0 ? text : NULL;
    }
    return reason != NULL ? apr_pstrmemdup(pool, reason, strcspn(reason, "\r\n")) : NULL;
}
