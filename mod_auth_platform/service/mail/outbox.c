/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/outbox.h"

#include "base/json.h"
#include "base/text.h"
#include "service/mail/mail_desk.h"
#include "service/vault/vault.h"

#include <apr_strings.h>
#include <string.h>

#define PURPOSE "mail"
/* A sealed letter has a multiple of this many bytes, so that its length tells little. */
#define BLOCK 512
#define LANGUAGE_MOST 100 /* bytes */

authp_mail_row_t authp_outbox_row(const authp_realm_t *realm, authp_mail_kind_t kind)
{
    authp_ms_t now = authp_realm_now(realm);
    return (authp_mail_row_t){.id = authp_id_new(realm->clock, realm->random),
                              .kind = authp_mail_kind_name(kind),
                              .due_at = now,
                              .created_at = now,
                              .give_up_at = now + 24 * AUTHP_OUTBOX_HOUR_MS,
                              .expires_at = now + 25 * AUTHP_OUTBOX_HOUR_MS};
}

/* Cuts the header after LANGUAGE_MOST bytes. NULL: a byte of the header is none of a list of
 * languages. */
static const char *clean_language(const char *text, apr_pool_t *pool)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789-*,;=. ";
    if (text == NULL || text[strspn(text, good)] != '\0') {
        return NULL;
    }
    return apr_pstrmemdup(pool, text, strnlen(text, LANGUAGE_MOST));
}

/* The letter as JSON, filled up with spaces. */
static authp_bytes_t write_letter(const authp_letter_t *letter, bool decoy, apr_pool_t *pool)
{
    size_t len = 0;
    json_t *json = authp_json_object(pool);
    authp_json_set_str(json, decoy ? "--" : "to", letter->to);
    authp_json_set_str(json, "name", letter->name);
    authp_json_set_str(json, "code", letter->code);
    authp_json_set_str(json, "token", letter->token);
    authp_json_set_str(json, "language", clean_language(letter->language, pool));
    const char *text = authp_json_text(json, &len, pool);
    size_t padded = (len + BLOCK - 1) / BLOCK * BLOCK;
    char *out = apr_palloc(pool, padded);
    memset(out, ' ', padded);
    memcpy(out, text, len);
    return (authp_bytes_t){out, padded};
}

/* A text of as many bytes as `address`, which the letter of a decoy has instead of the address. */
static const char *blank(const char *address, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, address);
    memset(out, '-', strlen(out));
    return out;
}

authp_err_t authp_outbox_put(const authp_realm_t *realm, authp_mail_row_t *row,
                             const authp_letter_t *letter, bool decoy, apr_pool_t *pool)
{
    authp_letter_t put = *letter;
    if (decoy) {
        put.to = blank(letter->to, pool);
    }
    authp_err_t err = authp_vault_close(realm, PURPOSE, row->id.hex,
                                        write_letter(&put, decoy, pool), &row->sealed, pool);
    if (err == AUTHP_OK) {
        err = authp_store_outbox_add(realm->store, row, pool);
    }
    if (err == AUTHP_OK && realm->mail_desk != NULL) {
        authp_mail_desk_news(realm->mail_desk);
    }
    /* Ids and tokens are random, so no other row has the same. */
    return err == AUTHP_E_CONFLICT ? AUTHP_E_INTERNAL : err;
}

authp_err_t authp_outbox_letter(const authp_realm_t *realm, const authp_mail_row_t *row,
                                authp_letter_t *out, apr_pool_t *pool)
{
    authp_bytes_t plain;
    json_t *json = NULL;
    authp_err_t err = authp_vault_open(realm, PURPOSE, row->id.hex, row->sealed, &plain, pool);
    if (err == AUTHP_OK) {
        err = authp_json_parse(plain.data, plain.len, &json, pool);
    }
    if (err == AUTHP_OK) {
        *out = (authp_letter_t){.to = authp_json_get_str(json, "to"),
                                .name = authp_json_get_str(json, "name"),
                                .code = authp_json_get_str(json, "code"),
                                .token = authp_json_get_str(json, "token"),
                                .language = authp_json_get_str(json, "language")};
    }
    return err;
}

/* AUTHP_E_UNAVAILABLE: no letter can be sealed now. */
static authp_err_t can_seal(const authp_realm_t *realm, apr_pool_t *pool)
{
    static const char nobody[] = "000000000000000000000000";
    const char *sealed = NULL;
    return authp_vault_close(realm, PURPOSE, nobody, (authp_bytes_t){nobody, sizeof(nobody)},
                             &sealed, pool);
}

static authp_err_t count_for(const authp_realm_t *realm, authp_mail_kind_t kind, const char *whom,
                             bool *room, apr_pool_t *pool)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    authp_tallied_t tallied;
    const authp_rate_t *rate = &realm->settings->limit_mail;
    const char *counted = apr_pstrcat(pool,
                                      kind == AUTHP_MAIL_VERIFY_EMAIL    ? "proof "
                                      : kind == AUTHP_MAIL_ADDRESS_TAKEN ? "taken "
                                                                         : "",
                                      whom, NULL);
    const authp_bytes_t part = {counted, strlen(counted)};
    if (!realm->settings->limits) {
        return AUTHP_OK;
    }
    /* A mail that cannot be written must not count. */
    authp_err_t err = can_seal(realm, pool);
    if (err == AUTHP_OK) {
        err = authp_keys_tag(realm->keys, AUTHP_KEY_MAIL, &part, 1, tag);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_tally_t tally = {.key = authp_text_hex(tag, sizeof(tag), pool),
                                 .most = rate->count,
                                 .window_ms = (int64_t)rate->seconds * 1000,
                                 .now = authp_realm_now(realm)};
    err = authp_store_tally_take(realm->store, &tally, &tallied, pool);
    *room = *room && err != AUTHP_E_CONFLICT;
    return err == AUTHP_E_CONFLICT ? AUTHP_OK : err;
}

authp_err_t authp_outbox_count(const authp_realm_t *realm, authp_mail_kind_t kind, const char *to,
                               const char *asker, bool *room, apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    if (asker != NULL) {
        err = count_for(realm, AUTHP_MAIL_VERIFY_EMAIL, asker, room, pool);
    }
    return err == AUTHP_OK && *room ? count_for(realm, kind, to, room, pool) : err;
}
