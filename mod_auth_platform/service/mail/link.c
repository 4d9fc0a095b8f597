/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/link.h"

#include "base/b64url.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "service/mail/outbox.h"

#include <apr_strings.h>
#include <string.h>

#define TOKEN_BYTES 32
#define LABEL "authp mail link"

/* How many milliseconds a link of that kind counts. */
static authp_ms_t life_of(authp_mail_kind_t kind)
{
    return kind == AUTHP_MAIL_RESET_PASSWORD ? AUTHP_OUTBOX_HOUR_MS / 2
           : kind == AUTHP_MAIL_SET_PASSWORD ? 7 * 24 * AUTHP_OUTBOX_HOUR_MS
                                             : 24 * AUTHP_OUTBOX_HOUR_MS;
}

/* Derives the key of row->box from the bytes of the token. */
static authp_err_t key_of(const unsigned char *bytes, authp_seal_t **out, apr_pool_t *pool)
{
    return authp_seal_make(authp_secret_make(bytes, TOKEN_BYTES, pool), NULL, LABEL, out, pool);
}

static authp_err_t close_box(const authp_realm_t *realm, const authp_link_new_t *in,
                             const unsigned char *bytes, authp_mail_row_t *row, apr_pool_t *pool)
{
    size_t len = 0;
    authp_seal_t *key = NULL;
    json_t *json = authp_json_object(pool);
    authp_json_set_str(json, "email", in->to);
    authp_json_set_str(json, "old", in->old);
    const char *text = authp_json_text(json, &len, pool);
    authp_err_t err = key_of(bytes, &key, pool);
    return err == AUTHP_OK ? authp_seal_close(key, row->id.hex, (authp_bytes_t){text, len},
                                              realm->random, &row->box, pool)
                           : err;
}

/* The account for which the mail counts, too. NULL: none, or it has this address. */
static const char *asker_of(const authp_link_new_t *in)
{
    const authp_user_t *user = in->user;
    if (!in->count_own || user == NULL) {
        return NULL;
    }
    if (user->email == NULL) {
        return user->id.hex;
    }
    return strcmp(user->email, in->to) != 0 ? user->email : NULL;
}

authp_err_t authp_link_send(const authp_realm_t *realm, const authp_link_new_t *in,
                            apr_pool_t *pool)
{
    unsigned char bytes[TOKEN_BYTES];
    bool room = true;
    authp_err_t err = authp_outbox_count(realm, in->kind, in->to, asker_of(in), &room, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    /* AUTHP_MAIL_SET_PASSWORD has no limit of its own: only an administrator causes it, and an
     * administrator can make an account for an address only once. */
    room = room || in->kind == AUTHP_MAIL_SET_PASSWORD;
    const bool decoy = !room || in->user == NULL;
    const authp_id_t nobody = authp_id_new(realm->clock, realm->random);
    authp_mail_row_t row = authp_outbox_row(realm, in->kind);
    row.user_id = apr_pstrdup(pool, decoy ? nobody.hex : in->user->id.hex);
    row.min_ver = decoy ? 0 : in->user->min_ver;
    row.link_until = row.created_at + life_of(in->kind);
    row.give_up_at = row.link_until < row.give_up_at ? row.link_until : row.give_up_at;
    row.expires_at = row.link_until + AUTHP_OUTBOX_HOUR_MS > row.expires_at
                         ? row.link_until + AUTHP_OUTBOX_HOUR_MS
                         : row.expires_at;
    authp_random_fill(realm->random, bytes, sizeof(bytes));
    const authp_letter_t letter = {.to = in->to,
                                   .token = authp_b64url_encode(bytes, sizeof(bytes), pool),
                                   .language = in->language};
    err = authp_digest_sha256_hex(letter.token, strlen(letter.token), &row.token_hash, pool);
    if (err == AUTHP_OK) {
        err = close_box(realm, in, bytes, &row, pool);
    }
    return err == AUTHP_OK ? authp_outbox_put(realm, &row, &letter, decoy, pool) : err;
}

/* --- using a link ----------------------------------------------------------------------------- */

bool authp_link_still_fits(const authp_link_t *link, const authp_user_t *user)
{
    bool proves = authp_mail_kind_of(link->row->kind) == AUTHP_MAIL_VERIFY_EMAIL;
    bool here = authp_text_equal(user->email, link->email);
    if (user->disabled) {
        return false;
    }
    if (proves && here) {
        return true;
    }
    return user->min_ver == link->row->min_ver &&
           (proves ? authp_text_equal(user->email, link->old) : here);
}

/* Reads the addresses of the link from row->box. AUTHP_E_MALFORMED: the row was changed. */
static authp_err_t open_box(const unsigned char *bytes, authp_link_t *link, apr_pool_t *pool)
{
    authp_seal_t *key = NULL;
    authp_bytes_t plain;
    json_t *json = NULL;
    const authp_mail_row_t *row = link->row;
    authp_err_t err = key_of(bytes, &key, pool);
    if (err == AUTHP_OK) {
        err = authp_seal_open(key, row->id.hex, row->box, strlen(row->box), &plain, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_json_parse(plain.data, plain.len, &json, pool);
    }
    if (err == AUTHP_OK) {
        link->email = authp_json_get_str(json, "email");
        link->old = authp_json_get_str(json, "old");
    }
    return err;
}

static bool counts(const authp_realm_t *realm, const authp_mail_row_t *row, unsigned kinds)
{
    return (kinds & 1u << authp_mail_kind_of(row->kind)) != 0 && row->used_at == 0 &&
           row->link_until > authp_realm_now(realm) && row->box != NULL && row->user_id != NULL;
}

/* AUTHP_E_NOT_FOUND or AUTHP_E_MALFORMED: there is no such link. */
static authp_err_t find(const authp_realm_t *realm, const char *token, unsigned kinds,
                        authp_link_t *out, apr_pool_t *pool)
{
    unsigned char bytes[TOKEN_BYTES];
    const char *hash = NULL;
    size_t len = strnlen(token, AUTHP_B64URL_ENCODED(TOKEN_BYTES) + 1);
    authp_err_t err = len == AUTHP_B64URL_ENCODED(TOKEN_BYTES)
                          ? authp_b64url_decode(token, len, bytes)
                          : AUTHP_E_MALFORMED;
    if (err == AUTHP_OK) {
        err = authp_digest_sha256_hex(token, len, &hash, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_store_outbox_by_token(realm->store, hash, &out->row, pool);
    }
    if (err == AUTHP_OK) {
        err = counts(realm, out->row, kinds) ? open_box(bytes, out, pool) : AUTHP_E_NOT_FOUND;
    }
    return err == AUTHP_OK
               ? authp_store_user_by_id(realm->store, out->row->user_id, &out->user, pool)
               : err;
}

authp_err_t authp_link_find(const authp_realm_t *realm, const char *token, unsigned kinds,
                            authp_link_t *out, apr_pool_t *pool)
{
    authp_link_t link = {.row = NULL};
    authp_err_t err = find(realm, token, kinds, &link, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND || err == AUTHP_E_MALFORMED ? AUTHP_E_LINK_INVALID : err;
    }
    if (!authp_link_still_fits(&link, link.user)) {
        return AUTHP_E_LINK_INVALID;
    }
    *out = link;
    return AUTHP_OK;
}

authp_err_t authp_link_use(const authp_realm_t *realm, authp_link_t *link, apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    authp_err_t err = authp_store_outbox_use(realm->store, link->row->id.hex, now, pool);
    if (err == AUTHP_OK) {
        link->row->used_at = now;
    }
    return err == AUTHP_E_CONFLICT ? AUTHP_E_LINK_INVALID : err;
}

authp_err_t authp_link_give_back(const authp_realm_t *realm, const authp_link_t *link,
                                 apr_pool_t *pool)
{
    return authp_store_outbox_unuse(realm->store, link->row->id.hex, link->row->used_at, pool);
}
