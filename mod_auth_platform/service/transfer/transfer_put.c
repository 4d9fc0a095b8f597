/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_put.h"

#include "service/live/live_change.h"
#include "service/transfer/transfer_rules.h"
#include "service/transfer/transfer_stored.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

/* A try fails only if a server changes the row at the same moment. */
#define TRIES 5

/* The end_reason of a session that ends because it has ended in the file. */
#define END_REASON "import"

/* One row of a batch, and what becomes of it. */
typedef struct putting_t {
    const authp_realm_t *realm;
    const authp_put_batch_t *batch;
    void *row;
    authp_put_result_t *result;
    apr_pool_t *pool;
} putting_t;

static void note(const putting_t *put, authp_put_outcome_t outcome, const char *why)
{
    *put->result = (authp_put_result_t){.outcome = outcome, .why = why};
}

static authp_err_t conflict(const putting_t *put, const char *what, const char *id)
{
    note(put, AUTHP_PUT_CONFLICT, apr_psprintf(put->pool, "%s is that of account %s", what, id));
    return AUTHP_OK;
}

/* AUTHP_E_NOT_FOUND: no other account has the login. */
static authp_err_t clash_of_login(const putting_t *put, authp_login_kind_t kind, const char *value)
{
    authp_user_t *other = NULL;
    if (value == NULL) {
        return AUTHP_E_NOT_FOUND;
    }
    authp_err_t err = authp_store_user_by_login(put->realm->store, kind, value, &other, put->pool);
    if (err != AUTHP_OK || strcmp(other->id.hex, ((const authp_user_t *)put->row)->id.hex) == 0) {
        return err == AUTHP_OK ? AUTHP_E_NOT_FOUND : err;
    }
    static const char *const names[] = {[AUTHP_LOGIN_EMAIL] = "its address",
                                        [AUTHP_LOGIN_USERNAME] = "its username",
                                        [AUTHP_LOGIN_PHONE] = "its phone number"};
    return conflict(put, names[kind], other->id.hex);
}

static authp_err_t clash_of_identities(const putting_t *put)
{
    const authp_user_t *user = put->row;
    authp_err_t err = AUTHP_E_NOT_FOUND;
    for (int i = 0; err == AUTHP_E_NOT_FOUND && i < authp_identities_count(user->identities); i++) {
        authp_user_t *other = NULL;
        const authp_identity_t *identity = authp_identities_at(user->identities, i);
        err = authp_store_user_by_identity(put->realm->store, identity->issuer, identity->sub,
                                           &other, put->pool);
        if (err == AUTHP_OK && strcmp(other->id.hex, user->id.hex) == 0) {
            err = AUTHP_E_NOT_FOUND;
        } else if (err == AUTHP_OK) {
            return conflict(put,
                            apr_pstrcat(put->pool, "its identity at ", identity->provider, NULL),
                            other->id.hex);
        }
    }
    return err;
}

/* Finds out why the store does not take an account whose id it does not have. AUTHP_E_NOT_FOUND: no
 * reason is left. */
static authp_err_t explain_user(const putting_t *put)
{
    bool deleted = false;
    const authp_user_t *user = put->row;
    authp_err_t err = authp_transfer_stored_deleted(put->realm, user->id.hex, &deleted, put->pool);
    if (err == AUTHP_OK && deleted) {
        note(put, AUTHP_PUT_KEPT, "the account was deleted in this store");
        return AUTHP_OK;
    }
    if (err == AUTHP_OK) {
        err = authp_identities_check(user->identities) == AUTHP_OK ? AUTHP_E_NOT_FOUND : AUTHP_OK;
        if (err == AUTHP_OK) {
            note(put, AUTHP_PUT_CONFLICT, "its identities cannot be kept");
        }
    }
    if (err == AUTHP_E_NOT_FOUND) {
        err = clash_of_login(put, AUTHP_LOGIN_EMAIL, user->email);
    }
    if (err == AUTHP_E_NOT_FOUND) {
        err = clash_of_login(put, AUTHP_LOGIN_USERNAME, user->username);
    }
    if (err == AUTHP_E_NOT_FOUND) {
        err = clash_of_login(put, AUTHP_LOGIN_PHONE, user->phone);
    }
    return err == AUTHP_E_NOT_FOUND ? clash_of_identities(put) : err;
}

/* Finds the outcome of a row whose id the store does not have, and which was not inserted: the
 * insert failed, or this is a dry run. */
static authp_err_t explain(const putting_t *put)
{
    authp_err_t err =
        put->batch->columns == &authp_columns_user ? explain_user(put) : AUTHP_E_NOT_FOUND;
    if (err == AUTHP_E_NOT_FOUND && put->batch->dry_run) {
        note(put, AUTHP_PUT_ADDED, NULL);
        return AUTHP_OK;
    }
    if (err == AUTHP_E_NOT_FOUND) {
        note(put, AUTHP_PUT_CONFLICT,
             put->batch->columns == &authp_columns_invite ? "its code is taken"
                                                          : "it cannot be kept");
        return AUTHP_OK;
    }
    return err;
}

/* AUTHP_E_CONFLICT: the stored row has changed meanwhile, or a new unique value is taken. */
static authp_err_t replace(const putting_t *put, const void *stored)
{
    authp_store_t *store = put->realm->store;
    if (put->batch->columns == &authp_columns_user) {
        authp_user_t after =
            authp_transfer_rules_merge(stored, put->row, authp_realm_now(put->realm));
        return authp_live_change_user_update(put->realm, stored, &after, put->pool);
    }
    if (put->batch->columns == &authp_columns_invite) {
        return authp_store_invite_replace(store, stored, put->row, put->pool);
    }
    /* The session ends now, and not at the time in the file: servers ask the store for sessions
     * that ended since their last round. */
    const authp_session_t *row = put->row;
    if (row->ended_at != 0) {
        authp_err_t err = authp_live_change_session_end(
            put->realm, row->id.hex, row->end_reason != NULL ? row->end_reason : END_REASON,
            put->pool);
        return err == AUTHP_E_NOT_FOUND ? AUTHP_E_CONFLICT : err;
    }
    return authp_store_session_replace(store, stored, row, put->pool);
}

/* Notes that both accounts were changed. Then an operator decides. */
static bool note_parted(const putting_t *put, const void *stored)
{
    const char *why = put->batch->columns != &authp_columns_user ? NULL
                      : put->batch->no_ver ? authp_transfer_rules_parted_foreign(stored, put->row)
                                           : authp_transfer_rules_parted(stored, put->row);
    if (why != NULL) {
        note(put, AUTHP_PUT_KEPT, why);
    }
    return why != NULL;
}

/* What is put in the place of `stored`, in `adopted` if it is made. */
static void *row_for(const putting_t *put, const void *stored, authp_user_t *adopted)
{
    const authp_scheme_t scheme = authp_realm_scheme(put->realm);
    if (!put->batch->no_ver) {
        return put->row;
    }
    *adopted = authp_transfer_rules_adopt(stored, put->row, &scheme);
    return adopted;
}

/* Finds the outcome of a row whose id the store has. `stored` is the row of the store. */
static authp_err_t settle(const putting_t *given, void *stored)
{
    putting_t put = *given;
    authp_user_t adopted;
    const authp_columns_t *columns = put.batch->columns;
    const char *id = ((const authp_id_t *)given->row)->hex;
    for (int i = 0; i < TRIES; i++) {
        put.row = row_for(given, stored, &adopted);
        authp_put_outcome_t outcome = authp_transfer_rules_decide(columns, stored, put.row);
        note(&put, outcome,
             outcome == AUTHP_PUT_CONFLICT ? "its id is that of a session of another account"
                                           : NULL);
        if (note_parted(&put, stored) || outcome != AUTHP_PUT_REPLACED) {
            return AUTHP_OK;
        }
        authp_err_t err = columns == &authp_columns_user ? explain_user(&put) : AUTHP_E_NOT_FOUND;
        if (err != AUTHP_E_NOT_FOUND) {
            return err; /* it is another account's */
        }
        err = put.batch->dry_run ? AUTHP_OK : replace(&put, stored);
        if (err != AUTHP_E_CONFLICT) {
            return err;
        }
        err = authp_transfer_stored_read(put.realm, columns, id, &stored, put.pool);
        if (err != AUTHP_OK) {
            return err == AUTHP_E_NOT_FOUND ? explain(given) : err;
        }
    }
    note(&put, AUTHP_PUT_KEPT, NULL); /* a server keeps changing it */
    return AUTHP_OK;
}

authp_err_t authp_transfer_put(const authp_realm_t *realm, const authp_put_batch_t *batch,
                               authp_put_result_t *results, apr_pool_t *pool)
{
    authp_transfer_stored_t stored;
    bool *added = apr_pcalloc(pool, (size_t)batch->count * sizeof(*added));
    bool opened = false;
    authp_err_t err = AUTHP_OK;
    if (!batch->dry_run && batch->count > 0) {
        err = authp_store_move_add(realm->store, batch->columns, batch->rows, batch->count, added,
                                   pool);
    }
    for (int i = 0; err == AUTHP_OK && i < batch->count; i++) {
        void *old = NULL;
        const putting_t put = {.realm = realm,
                               .batch = batch,
                               .row = batch->rows[i],
                               .result = &results[i],
                               .pool = pool};
        if (added[i]) {
            note(&put, AUTHP_PUT_ADDED, NULL);
            continue;
        }
        err = opened ? AUTHP_OK : authp_transfer_stored_open(realm, batch, &stored, pool);
        opened = true;
        if (err == AUTHP_OK) {
            err =
                authp_transfer_stored_find(&stored, ((const authp_id_t *)put.row)->hex, &old, pool);
            err = err == AUTHP_OK            ? settle(&put, old)
                  : err == AUTHP_E_NOT_FOUND ? explain(&put)
                                             : err;
        }
    }
    return err;
}

authp_err_t authp_transfer_put_users(const authp_realm_t *realm, bool dry_run,
                                     authp_user_t *const *users, int count,
                                     authp_put_result_t *results, apr_pool_t *pool)
{
    const authp_put_batch_t batch = {.columns = &authp_columns_user,
                                     .rows = (void *const *)users,
                                     .count = count,
                                     .dry_run = dry_run,
                                     .no_ver = true};
    return authp_transfer_put(realm, &batch, results, pool);
}
