/* SPDX-License-Identifier: Apache-2.0 */
#include "vault_fixture.h"

#include "base/log.h"

#include <apr_strings.h>
#include <check.h>
#include <string.h>

vault_fixture_t vault_fixture;

static void count(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    vault_fixture.rewrapped += level == AUTHP_LOG_NOTICE && strstr(message, "AUTHP0380") != NULL;
    if (level == AUTHP_LOG_ERROR && strstr(message, "AUTHP0381") != NULL) {
        vault_fixture.lost++;
        vault_fixture.line = apr_pstrdup(vault_fixture.f.pool, message);
    }
}

void vault_fixture_open(void)
{
    fixture_open(&vault_fixture.f);
    fake_clock_init(&vault_fixture.monotonic);
    vault_fixture.rewrapped = vault_fixture.lost = 0;
    vault_fixture.line = "";
    authp_log_set_sink(count, NULL);
}

void vault_fixture_close(void)
{
    authp_log_set_sink(NULL, NULL);
    fixture_close(&vault_fixture.f);
}

static authp_secret_t *secret(const char *text)
{
    return text != NULL ? authp_secret_make(text, strlen(text), vault_fixture.f.pool) : NULL;
}

vault_host_t *vault_fixture_host(const char *present, const char *previous)
{
    const fixture_t *f = &vault_fixture.f;
    vault_host_t *host = apr_pcalloc(f->pool, sizeof(*host));
    authp_keys_t *keys = NULL;
    apr_pool_create(&host->pool, f->pool);
    host->settings = *f->settings;
    host->settings.jwt_secret = secret(present);
    host->settings.jwt_secret_previous = secret(previous);
    host->realm = *f->realm;
    host->realm.settings = &host->settings;
    ck_assert_int_eq(authp_keys_make(host->settings.jwt_secret, host->settings.jwt_secret_previous,
                                     &keys, host->pool),
                     AUTHP_OK);
    host->realm.keys = keys;
    ck_assert_int_eq(authp_vault_make(&host->settings, &vault_fixture.monotonic.clock,
                                      &host->realm.vault, host->pool),
                     AUTHP_OK);
    return host;
}

authp_err_t vault_fixture_try_close(vault_host_t *host, const char *data, const char **text)
{
    return authp_vault_close(&host->realm, VAULT_PURPOSE, VAULT_ROW,
                             (authp_bytes_t){data, strlen(data)}, text, host->pool);
}

const char *vault_fixture_closed(vault_host_t *host, const char *data)
{
    const char *text = NULL;
    ck_assert_int_eq(vault_fixture_try_close(host, data, &text), AUTHP_OK);
    return text;
}

authp_err_t vault_fixture_try_open(vault_host_t *host, const char *text)
{
    authp_bytes_t bytes = {NULL, 0};
    return authp_vault_open(&host->realm, VAULT_PURPOSE, VAULT_ROW, text, &bytes, host->pool);
}

void vault_fixture_opens(vault_host_t *host, const char *text, const char *data)
{
    authp_bytes_t bytes = {NULL, 0};
    ck_assert_int_eq(
        authp_vault_open(&host->realm, VAULT_PURPOSE, VAULT_ROW, text, &bytes, host->pool),
        AUTHP_OK);
    ck_assert_uint_eq(bytes.len, strlen(data));
    ck_assert_str_eq(bytes.data, data);
}

void vault_fixture_load(vault_host_t *host)
{
    ck_assert_int_eq(authp_vault_load(&host->realm, host->pool), AUTHP_OK);
}

const char *vault_fixture_why(vault_host_t *host)
{
    return authp_vault_why(&host->realm, host->pool);
}

apr_array_header_t *vault_fixture_rows(void)
{
    apr_array_header_t *rows = NULL;
    ck_assert_int_eq(authp_store_data_key_list(vault_fixture.f.store, &rows, vault_fixture.f.pool),
                     AUTHP_OK);
    return rows;
}

authp_data_key_t *vault_fixture_row(int i)
{
    apr_array_header_t *rows = vault_fixture_rows();
    ck_assert_int_lt(i, rows->nelts);
    return APR_ARRAY_IDX(rows, i, authp_data_key_t *);
}

void vault_fixture_remove_all(void)
{
    while (vault_fixture_rows()->nelts > 0) {
        ck_assert_int_eq(authp_store_data_key_remove(vault_fixture.f.store, vault_fixture_row(0),
                                                     vault_fixture.f.pool),
                         AUTHP_OK);
    }
}

void vault_fixture_under(const char *text, const authp_data_key_t *row)
{
    ck_assert_int_eq(strncmp(text, row->id.hex, AUTHP_ID_LEN), 0);
    ck_assert_int_eq(text[AUTHP_ID_LEN], '.');
}

void vault_fixture_asked(const char *calls)
{
    ck_assert_str_eq(mem_store_calls(vault_fixture.f.store, vault_fixture.f.pool), calls);
}
