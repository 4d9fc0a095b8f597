/* SPDX-License-Identifier: Apache-2.0 */
#include "mail_fixture.h"

#include "service/vault/vault.h"

#include <apr_strings.h>
#include <check.h>
#include <string.h>

void mail_fixture_on(fixture_t *f)
{
    f->settings->mail_url = "smtp://127.0.0.1:25";
    f->settings->mail_from = "Us <us@example.org>";
    f->settings->public_url = "https://www.example.org";
    ck_assert_int_eq(
        authp_vault_make(f->settings, authp_clock_monotonic(), &f->realm->vault, f->pool),
        AUTHP_OK);
    const char *text = NULL;
    ck_assert_int_eq(
        authp_vault_close(f->realm, "test", "1", (authp_bytes_t){"x", 1}, &text, f->pool),
        AUTHP_OK);
    (void)mem_store_calls(f->store, f->pool);
}

authp_user_t *mail_fixture_user(fixture_t *f, const char *email, const char *role)
{
    const char *url = f->settings->mail_url;
    f->settings->mail_url = NULL;
    authp_user_t *row = mem_store_user(f->store, fixture_user(f, email, role, false)->id.hex);
    f->settings->mail_url = url;
    (void)mem_store_calls(f->store, f->pool);
    return row;
}

/* All mails wait, because nothing sends them. */
static apr_array_header_t *all(const fixture_t *f)
{
    const authp_page_t page = {.limit = 1000};
    apr_array_header_t *rows = NULL;
    ck_assert_int_eq(
        authp_store_outbox_list(f->store, AUTHP_MAIL_STATE_WAITING, &page, &rows, f->pool),
        AUTHP_OK);
    return rows;
}

int mail_fixture_count(const fixture_t *f)
{
    return all(f)->nelts;
}

mail_fixture_t mail_fixture_at(const fixture_t *f, int index)
{
    const apr_array_header_t *rows = all(f);
    int at = index < 0 ? rows->nelts + index : index;
    ck_assert_int_ge(at, 0);
    ck_assert_int_lt(at, rows->nelts);
    mail_fixture_t mail = {.row = APR_ARRAY_IDX(rows, at, const authp_mail_row_t *)};
    ck_assert_int_eq(authp_outbox_letter(f->realm, mail.row, &mail.letter, f->pool), AUTHP_OK);
    return mail;
}

const char *mail_fixture_kinds(const fixture_t *f)
{
    const char *kinds = "";
    int count = mail_fixture_count(f);
    for (int i = 0; i < count; i++) {
        const mail_fixture_t mail = mail_fixture_at(f, i);
        bool sent = mail.letter.to != NULL;
        kinds = apr_pstrcat(f->pool, kinds, i > 0 ? " " : "", sent ? "" : "(", mail.row->kind,
                            sent ? "" : ")", NULL);
    }
    return kinds;
}

const char *mail_fixture_token(const fixture_t *f, const char *kind)
{
    const mail_fixture_t mail = mail_fixture_at(f, -1);
    ck_assert_str_eq(mail.row->kind, kind);
    ck_assert_ptr_nonnull(mail.letter.to);
    ck_assert_ptr_nonnull(mail.letter.token);
    return mail.letter.token;
}
