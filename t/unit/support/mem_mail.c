/* SPDX-License-Identifier: Apache-2.0 */
/* Data keys, mails and links, in the in-memory store. */
#include "mem_impl.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * INT64_C(3600000))

authp_err_t mem_data_key_add(void *self, const authp_data_key_t *key, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "data_key_add");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->data_keys->nelts; i++) {
        if (mem_rows_same(APR_ARRAY_IDX(mem->data_keys, i, authp_data_key_t *)->id.hex,
                          key->id.hex)) {
            return mem_leave(mem, AUTHP_E_CONFLICT);
        }
    }
    APR_ARRAY_PUSH(mem->data_keys, authp_data_key_t *) =
        mem_rows_copy(&authp_columns_data_key, key, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

static int newest_first(const void *a, const void *b)
{
    return mem_rows_by_id(b, a);
}

authp_err_t mem_data_key_list(void *self, apr_array_header_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "data_key_list");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 4, sizeof(authp_data_key_t *));
    for (int i = 0; i < mem->data_keys->nelts; i++) {
        APR_ARRAY_PUSH(found, authp_data_key_t *) = mem_rows_copy(
            &authp_columns_data_key, APR_ARRAY_IDX(mem->data_keys, i, authp_data_key_t *), pool);
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(authp_data_key_t *), newest_first);
    found->nelts = found->nelts > AUTHP_DATA_KEYS_MOST ? AUTHP_DATA_KEYS_MOST : found->nelts;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

/* The place of the row as it was read before; NULL: it has changed since, or is gone. */
static authp_data_key_t **unchanged(const mem_t *mem, const authp_data_key_t *before)
{
    for (int i = 0; i < mem->data_keys->nelts; i++) {
        authp_data_key_t **row = &APR_ARRAY_IDX(mem->data_keys, i, authp_data_key_t *);
        if (mem_rows_same((*row)->id.hex, before->id.hex) &&
            mem_rows_same((*row)->wrapped, before->wrapped)) {
            return row;
        }
    }
    return NULL;
}

authp_err_t mem_data_key_rewrap(void *self, const authp_data_key_t *before,
                                const authp_data_key_t *after, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "data_key_rewrap");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_data_key_t **row = unchanged(mem, before);
    if (row == NULL) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    authp_data_key_t *now = mem_rows_copy(&authp_columns_data_key, after, mem->pool);
    mem_rows_keep(&authp_columns_data_key, now, *row, AUTHP_COLUMN_FIXED);
    *row = now;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_data_key_remove(void *self, const authp_data_key_t *before, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "data_key_remove");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_data_key_t **row = unchanged(mem, before);
    if (row == NULL) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    *row = *(authp_data_key_t **)apr_array_pop(mem->data_keys);
    return mem_leave(mem, AUTHP_OK);
}

static authp_mail_row_t *mail_at(const mem_t *mem, int i)
{
    return APR_ARRAY_IDX(mem->outbox, i, authp_mail_row_t *);
}

static authp_mail_row_t *find(const mem_t *mem, const char *id)
{
    for (int i = 0; i < mem->outbox->nelts; i++) {
        if (mem_rows_same(mail_at(mem, i)->id.hex, id)) {
            return mail_at(mem, i);
        }
    }
    return NULL;
}

/* The mail, if it waits and its due_at is still that one. */
static authp_mail_row_t *find_still(const mem_t *mem, const char *id, authp_ms_t due_at)
{
    authp_mail_row_t *mail = find(mem, id);
    return mail != NULL && mail->due_at != 0 && mail->due_at == due_at ? mail : NULL;
}

authp_err_t mem_outbox_add(void *self, const authp_mail_row_t *mail, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "outbox_add");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->outbox->nelts; i++) {
        if (mem_rows_same(mail_at(mem, i)->id.hex, mail->id.hex) ||
            mem_rows_same(mail_at(mem, i)->token_hash, mail->token_hash)) {
            return mem_leave(mem, AUTHP_E_CONFLICT);
        }
    }
    APR_ARRAY_PUSH(mem->outbox, authp_mail_row_t *) =
        mem_rows_copy(&authp_columns_outbox, mail, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

static int by_due(const void *a, const void *b)
{
    authp_ms_t one = (*(authp_mail_row_t *const *)a)->due_at;
    authp_ms_t other = (*(authp_mail_row_t *const *)b)->due_at;
    return (one > other) - (one < other);
}

static void cut(apr_array_header_t *list, int limit, int (*order)(const void *, const void *))
{
    qsort(list->elts, (size_t)list->nelts, (size_t)list->elt_size, order);
    list->nelts = list->nelts > limit ? limit : list->nelts;
}

authp_err_t mem_outbox_due(void *self, authp_ms_t now, int limit, apr_array_header_t **out,
                           apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "outbox_due");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_mail_row_t *));
    for (int i = 0; i < mem->outbox->nelts; i++) {
        if (mail_at(mem, i)->due_at != 0 && mail_at(mem, i)->due_at <= now) {
            APR_ARRAY_PUSH(found, authp_mail_row_t *) =
                mem_rows_copy(&authp_columns_outbox, mail_at(mem, i), pool);
        }
    }
    cut(found, limit, by_due);
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_outbox_claim(void *self, const char *id, authp_ms_t due_at, authp_ms_t until,
                             apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "outbox_claim");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t *mail = find_still(self, id, due_at);
    if (mail != NULL) {
        mail->due_at = mail->claim_until = until;
    }
    return mem_leave(self, mail != NULL ? AUTHP_OK : AUTHP_E_CONFLICT);
}

authp_err_t mem_outbox_sent(void *self, const char *id, authp_ms_t claim, authp_ms_t now,
                            apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "outbox_sent");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t *mail = find_still(self, id, claim);
    if (mail != NULL) {
        mail->sent_at = now;
        mail->due_at = mail->claim_until = 0;
        mail->sealed = mail->error = NULL;
    }
    return mem_leave(self, mail != NULL ? AUTHP_OK : AUTHP_E_CONFLICT);
}

authp_err_t mem_outbox_later(void *self, const char *id, authp_ms_t claim, authp_ms_t next,
                             const char *error, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "outbox_later");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t *mail = find_still(mem, id, claim);
    if (mail != NULL) {
        mail->due_at = next;
        mail->claim_until = 0;
        mail->tries++;
        mail->error = mem_rows_text(error, mem->pool);
    }
    return mem_leave(mem, mail != NULL ? AUTHP_OK : AUTHP_E_CONFLICT);
}

authp_err_t mem_outbox_fail(void *self, const char *id, authp_ms_t claim, authp_ms_t now,
                            const char *error, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "outbox_fail");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t *mail = find_still(mem, id, claim);
    if (mail != NULL) {
        mail->failed_at = now;
        mail->due_at = mail->claim_until = 0;
        mail->error = mem_rows_text(error, mem->pool);
    }
    return mem_leave(mem, mail != NULL ? AUTHP_OK : AUTHP_E_CONFLICT);
}

authp_err_t mem_outbox_by_token(void *self, const char *token_hash, authp_mail_row_t **out,
                                apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "outbox_by_token");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->outbox->nelts; i++) {
        if (mem_rows_same(mail_at(mem, i)->token_hash, token_hash)) {
            *out = mem_rows_copy(&authp_columns_outbox, mail_at(mem, i), pool);
            return mem_leave(mem, AUTHP_OK);
        }
    }
    return mem_leave(mem, AUTHP_E_NOT_FOUND);
}

authp_err_t mem_outbox_use(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "outbox_use");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t *mail = find(self, id);
    bool right = mail != NULL && mail->used_at == 0 && mail->link_until > now;
    if (right) {
        mail->used_at = now;
    }
    return mem_leave(self, right ? AUTHP_OK : AUTHP_E_CONFLICT);
}

authp_err_t mem_outbox_unuse(void *self, const char *id, authp_ms_t used_at, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "outbox_unuse");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t *mail = find(self, id);
    if (mail != NULL && mail->used_at == used_at) {
        mail->used_at = 0;
    }
    return mem_leave(self, AUTHP_OK);
}

static authp_ms_t earlier(authp_ms_t a, authp_ms_t b)
{
    return a == 0 || b < a ? b : a;
}

authp_err_t mem_outbox_figures(void *self, authp_mail_figures_t *out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_mail_figures_t found = {.waiting = 0};
    (void)pool;
    authp_err_t err = mem_enter(mem, "outbox_figures");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->outbox->nelts; i++) {
        const authp_mail_row_t *mail = mail_at(mem, i);
        found.failed += mail->failed_at != 0;
        found.sent += mail->sent_at != 0;
        if (mail->due_at != 0) {
            found.waiting++;
            found.oldest_at = earlier(found.oldest_at, mail->created_at);
            found.next_at = earlier(found.next_at, mail->due_at);
        }
    }
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_outbox_list(void *self, authp_mail_state_t state, const authp_page_t *page,
                            apr_array_header_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "outbox_list");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_mail_row_t *));
    for (int i = 0; i < mem->outbox->nelts; i++) {
        const authp_mail_row_t *mail = mail_at(mem, i);
        bool in = (state == AUTHP_MAIL_STATE_WAITING ? mail->due_at : mail->failed_at) != 0;
        if (in && (page->after_id == NULL || strcmp(mail->id.hex, page->after_id) > 0)) {
            APR_ARRAY_PUSH(found, authp_mail_row_t *) =
                mem_rows_copy(&authp_columns_outbox, mail, pool);
        }
    }
    cut(found, page->limit, mem_rows_by_id);
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_outbox_retry(void *self, const char *id, authp_ms_t now, int *count,
                             apr_pool_t *pool)
{
    mem_t *mem = self;
    int sum = 0;
    (void)pool;
    authp_err_t err = mem_enter(mem, "outbox_retry");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->outbox->nelts; i++) {
        authp_mail_row_t *mail = mail_at(mem, i);
        if ((mail->due_at != 0 || mail->failed_at != 0) && mail->claim_until <= now &&
            (mail->link_until == 0 || mail->link_until > now) &&
            (id == NULL || mem_rows_same(mail->id.hex, id))) {
            mail->due_at = now;
            mail->give_up_at = now + DAY_MS;
            mail->failed_at = mail->claim_until = 0;
            sum++;
        }
    }
    *count = sum;
    return mem_leave(mem, AUTHP_OK);
}
