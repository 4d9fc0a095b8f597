/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_impl.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static int find_unchanged(mem_t *mem, const authp_user_t *before)
{
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *user = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if (mem_rows_same(user->id.hex, before->id.hex)) {
            return user->ver == before->ver && user->updated_at == before->updated_at ? i : -1;
        }
    }
    return -1;
}

/* Removes an element of an array of elements of any size. */
static void remove_at(apr_array_header_t *rows, int i)
{
    char *at = rows->elts + i * rows->elt_size;
    memmove(at, at + rows->elt_size, (size_t)((rows->nelts - i - 1) * rows->elt_size));
    rows->nelts--;
}

static bool login_free(const mem_t *mem, const authp_user_t *user)
{
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *other = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if ((mem_rows_same(other->email, user->email) ||
             mem_rows_same(other->phone, user->phone)) &&
            !mem_rows_same(other->id.hex, user->id.hex)) {
            return false;
        }
    }
    return true;
}

authp_err_t mem_user_update(void *self, const authp_user_t *before, const authp_user_t *after,
                            apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "user_update");
    if (err != AUTHP_OK) {
        return err;
    }
    int i = find_unchanged(mem, before);
    if (i < 0) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    authp_user_t sought = *after;
    sought.id = before->id;
    err = login_free(mem, &sought) ? mem_identities_free(mem, &sought) : AUTHP_E_CONFLICT;
    if (err != AUTHP_OK) {
        return mem_leave(mem, err);
    }
    authp_user_t *row = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
    authp_user_t *now = mem_rows_copy(&authp_columns_user, after, mem->pool);
    mem_rows_keep(&authp_columns_user, now, row, AUTHP_COLUMN_FIXED);
    *row = *now;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                            apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "user_delete");
    if (err != AUTHP_OK) {
        return err;
    }
    int i = find_unchanged(mem, before);
    if (i < 0) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    APR_ARRAY_PUSH(mem->deleted, mem_tombstone_t) =
        (mem_tombstone_t){before->id, now, before->ver + 1};
    remove_at(mem->users, i);
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "user_discard");
    if (err != AUTHP_OK) {
        return err;
    }
    int i = find_unchanged(mem, user);
    if (i >= 0) {
        remove_at(mem->users, i);
    }
    return mem_leave(mem, i >= 0 ? AUTHP_OK : AUTHP_E_CONFLICT);
}

authp_err_t mem_user_forget(void *self, const char *id, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "user_forget");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->sessions->nelts; i++) {
        authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
        if (mem_rows_same(session->user_id.hex, id)) {
            mem_rows_forget(&authp_columns_session, session);
        }
    }
    for (int i = 0; i < mem->audit->nelts; i++) {
        authp_audit_t *entry = APR_ARRAY_IDX(mem->audit, i, authp_audit_t *);
        if (mem_rows_same(entry->actor_id, id) ||
            (entry->actor_id == NULL && mem_rows_same(entry->subject_id, id))) {
            mem_rows_forget(&authp_columns_audit, entry);
        }
    }
    for (int i = mem->invites->nelts - 1; i >= 0; i--) {
        if (mem_rows_same(APR_ARRAY_IDX(mem->invites, i, authp_invite_t *)->used_by, id)) {
            remove_at(mem->invites, i);
        }
    }
    for (int i = mem->outbox->nelts - 1; i >= 0; i--) {
        if (mem_rows_same(APR_ARRAY_IDX(mem->outbox, i, authp_mail_row_t *)->user_id, id)) {
            remove_at(mem->outbox, i);
        }
    }
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_user_list_deleted(void *self, const authp_page_t *page, apr_array_header_t **out,
                                  apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "user_list_deleted");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(const char *));
    for (int i = 0; i < mem->deleted->nelts; i++) {
        const char *id = APR_ARRAY_IDX(mem->deleted, i, mem_tombstone_t).id.hex;
        if (page->after_id == NULL || strcmp(id, page->after_id) > 0) {
            APR_ARRAY_PUSH(found, const char *) = apr_pstrdup(pool, id);
        }
    }
    /* No sorting is needed: every test that looks at pages deletes accounts in the order of their
     * ids. */
    found->nelts = found->nelts > page->limit ? page->limit : found->nelts;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_list(void *self, const char *user_id, authp_ms_t now,
                             const authp_page_t *page, apr_array_header_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "session_list");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_session_t *));
    for (int i = 0; i < mem->sessions->nelts; i++) {
        const authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
        bool beyond = page->after_id == NULL || strcmp(session->id.hex, page->after_id) > 0;
        if (beyond && mem_rows_same(session->user_id.hex, user_id) && session->ended_at == 0 &&
            session->expires_at > now) {
            APR_ARRAY_PUSH(found, authp_session_t *) =
                mem_rows_copy(&authp_columns_session, session, pool);
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(authp_session_t *), mem_rows_by_id);
    found->nelts = found->nelts > page->limit ? page->limit : found->nelts;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "session_set_ver");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_session_t *session = mem_find_session(mem, sid);
    if (session == NULL || session->ended_at != 0) {
        return mem_leave(mem, AUTHP_E_NOT_FOUND);
    }
    session->ver = ver;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "audit_append");
    if (err != AUTHP_OK) {
        return err;
    }
    APR_ARRAY_PUSH(mem->audit, authp_audit_t *) =
        mem_rows_copy(&authp_columns_audit, entry, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

static bool session_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    const authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
    authp_ms_t at = session->ended_at != 0 ? session->ended_at : session->expires_at;
    return at < what->sessions_before;
}

static bool user_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->deleted, i, mem_tombstone_t).deleted_at < what->users_before;
}

static bool invite_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->invites, i, authp_invite_t *)->expires_at < what->invites_before;
}

static bool entry_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->audit, i, authp_audit_t *)->at < what->audit_before;
}

static bool failure_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->failures, i, mem_failure_t).expires_at < what->failures_before;
}

static bool token_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->tokens, i, mem_token_t).expires_at < what->tokens_before;
}

static bool code_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->codes, i, authp_login_code_t *)->expires_at < what->tokens_before;
}

static bool otp_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->otp_codes, i, authp_otp_code_t *)->expires_at < what->codes_before;
}

static bool tally_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->tallies, i, mem_tally_t).expires_at < what->tokens_before;
}

static bool pending_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    return APR_ARRAY_IDX(mem->pending, i, authp_pending_admin_t *)->expires_at <
           what->tokens_before;
}

static bool mail_is_over(const mem_t *mem, int i, const authp_purge_t *what)
{
    const authp_mail_row_t *mail = APR_ARRAY_IDX(mem->outbox, i, authp_mail_row_t *);
    return mail->expires_at < what->mails_before &&
           (mail->due_at == 0 || mail->give_up_at < what->mails_before);
}

static int sweep(mem_t *mem, apr_array_header_t *rows, const authp_purge_t *what,
                 bool (*is_over)(const mem_t *mem, int i, const authp_purge_t *what))
{
    int removed = 0;
    for (int i = rows->nelts - 1; i >= 0 && removed < what->batch; i--) {
        if (is_over(mem, i, what)) {
            remove_at(rows, i);
            removed++;
        }
    }
    return removed;
}

authp_err_t mem_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "purge");
    if (err != AUTHP_OK) {
        return err;
    }
    *removed = sweep(mem, mem->sessions, what, session_is_over) +
               sweep(mem, mem->deleted, what, user_is_over) +
               sweep(mem, mem->invites, what, invite_is_over) +
               sweep(mem, mem->audit, what, entry_is_over) +
               sweep(mem, mem->failures, what, failure_is_over) +
               sweep(mem, mem->tokens, what, token_is_over) +
               sweep(mem, mem->codes, what, code_is_over) +
               sweep(mem, mem->otp_codes, what, otp_is_over) +
               sweep(mem, mem->tallies, what, tally_is_over) +
               sweep(mem, mem->pending, what, pending_is_over) +
               sweep(mem, mem->outbox, what, mail_is_over);
    return mem_leave(mem, AUTHP_OK);
}
