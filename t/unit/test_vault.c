/* SPDX-License-Identifier: Apache-2.0 */
/* Data keys: what opens a sealed text, and which key seals. */
#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#include "suite.h"
#include "vault_fixture.h"

/* --- what opens ------------------------------------------------------------------------------- */
START_TEST(purpose_and_row_are_bound)
{
    authp_bytes_t out = {"untouched", 9};
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(one, "a text");
    vault_fixture_opens(one, text, "a text");
    ck_assert_str_ne(text, vault_fixture_closed(one, "a text")); /* a new nonce each time */
    vault_fixture_opens(one, vault_fixture_closed(one, ""), "");
    static const char *const others[][2] = {
        {"totp", VAULT_ROW}, {"mail", "665f1c2e9b1d4a0012345679"}, {"", VAULT_ROW}, {"mail", ""}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert_int_eq(
            authp_vault_open(&one->realm, others[i][0], others[i][1], text, &out, one->pool),
            AUTHP_E_MALFORMED);
    }
    ck_assert_str_eq(out.data, "untouched");
}
END_TEST

/* Each byte that changes makes the text useless. A changed id of a key is one that is not known. */
START_TEST(changed_texts_do_not_open)
{
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(one, "a text");
    for (size_t i = 0; text[i] != '\0'; i++) {
        char *changed = apr_pstrdup(one->pool, text);
        changed[i] = changed[i] == '0' ? '1' : '0';
        ck_assert_int_eq(vault_fixture_try_open(one, changed),
                         i < AUTHP_ID_LEN ? AUTHP_E_UNAVAILABLE : AUTHP_E_MALFORMED);
        changed = apr_pstrmemdup(one->pool, text, i);
        ck_assert_int_eq(vault_fixture_try_open(one, changed), AUTHP_E_MALFORMED);
    }
    ck_assert_int_eq(vault_fixture_try_open(one, apr_pstrcat(one->pool, text, "A", NULL)),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(vault_fixture_try_open(one, "no hexadecimal digits 24.AAAA"),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(vault_fixture.lost, 0);
}
END_TEST

/* These texts were computed by another program. If this fails, a new release cannot read the mails
 * that wait. */
START_TEST(texts_of_older_releases_open)
{
    static const char text[] =
        "665f1c2e9b1d4a0012345670.MjM0NTY3ODk6Ozw9aOlynx_gpL0PFhjE5prsiaJpfiuoC3mP";
    const authp_data_key_t row = {
        .id = {"665f1c2e9b1d4a0012345670"},
        .wrapped =
            "ZGVmZ2hpamtsbW5vhY0C9KXNQWaXMFqCXoE3oK3TDRKm16vOj_dEaPf6AQaM2oJnOUHmgWi5T7ixy5LL",
        .wrapped_by = "a name that is not known",
        .created_at = 1};
    ck_assert_int_eq(authp_store_data_key_add(vault_fixture.f.store, &row, vault_fixture.f.pool),
                     AUTHP_OK);
    vault_fixture_opens(vault_fixture_host(VAULT_OLD, NULL), text, "a letter");
    vault_fixture_opens(vault_fixture_host(VAULT_NEW, VAULT_OLD), text, "a letter");
    vault_fixture_opens(vault_fixture_host(VAULT_NEW, NULL), text, "a letter");
}
END_TEST

/* The wrapped text of one row is no key of another row. */
START_TEST(a_wrapped_key_is_bound_to_its_row)
{
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(one, "a text");
    authp_data_key_t row = *vault_fixture_row(0);
    row.id.hex[AUTHP_ID_LEN - 1] = row.id.hex[AUTHP_ID_LEN - 1] == '0' ? '1' : '0';
    vault_fixture_remove_all();
    ck_assert_int_eq(authp_store_data_key_add(vault_fixture.f.store, &row, vault_fixture.f.pool),
                     AUTHP_OK);
    vault_host_t *other = vault_fixture_host(VAULT_OLD, NULL);
    ck_assert_int_eq(vault_fixture_try_open(other, text), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(vault_fixture_why(other));
}
END_TEST

START_TEST(too_large)
{
    const char *text = NULL;
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    char *data = apr_palloc(one->pool, AUTHP_SEAL_MOST + 2);
    memset(data, 'x', AUTHP_SEAL_MOST + 1);
    data[AUTHP_SEAL_MOST + 1] = '\0';
    ck_assert_int_eq(vault_fixture_try_close(one, data, &text), AUTHP_E_TOO_LARGE);
    ck_assert_ptr_null(text);
    vault_fixture_opens(one, vault_fixture_closed(one, data + 1), data + 1);
}
END_TEST

/* --- which key seals -------------------------------------------------------------------------- */
static vault_host_t *second;
static const char *second_text;

static void second_is_faster(void *ctx)
{
    (void)ctx;
    second_text = vault_fixture_closed(second, "of the second");
}

/* The second host makes its first key while the first one is about to insert its own. Both stay,
 * each host opens what the other has sealed, and both then seal under the newer one. */
START_TEST(two_hosts_make_the_first_key)
{
    vault_host_t *first = vault_fixture_host(VAULT_OLD, NULL);
    second = vault_fixture_host(VAULT_OLD, NULL);
    mem_store_before(vault_fixture.f.store, "data_key_add", second_is_faster, NULL);
    const char *text = vault_fixture_closed(first, "of the first");
    ck_assert_int_eq(vault_fixture_rows()->nelts, 2);
    ck_assert_int_ne(strncmp(text, second_text, AUTHP_ID_LEN), 0);
    vault_fixture_opens(first, second_text, "of the second");
    vault_fixture_opens(second, text, "of the first");
    vault_fixture_load(first);
    vault_fixture_load(second);
    vault_fixture_under(vault_fixture_closed(first, "x"), vault_fixture_row(0));
    vault_fixture_under(vault_fixture_closed(second, "x"), vault_fixture_row(0));
    ck_assert_int_eq(vault_fixture_rows()->nelts, 2);
    ck_assert_ptr_null(vault_fixture_why(first));
}
END_TEST

typedef struct thread_t {
    pthread_t thread;
    vault_host_t *host;
    pthread_barrier_t *barrier;
    apr_pool_t *pool;
    authp_err_t err;
    const char *text;
} thread_t;

static void *seal(void *ctx)
{
    thread_t *thread = ctx;
    pthread_barrier_wait(thread->barrier);
    thread->err = authp_vault_close(&thread->host->realm, "mail", VAULT_ROW,
                                    (authp_bytes_t){"x", 1}, &thread->text, thread->pool);
    return NULL;
}

/* The threads of a process make one key together, so two hosts make at most two. */
START_TEST(many_threads_make_the_first_key)
{
    enum { THREADS = 16 };
    thread_t threads[THREADS];
    pthread_barrier_t barrier;
    vault_host_t *hosts[2] = {vault_fixture_host(VAULT_OLD, NULL),
                              vault_fixture_host(VAULT_OLD, NULL)};
    const int used = _i + 1;
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = (thread_t){.host = hosts[i % used], .barrier = &barrier};
        apr_pool_create(&threads[i].pool, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i].thread, NULL, seal, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i].thread, NULL);
    }
    ck_assert_int_ge(vault_fixture_rows()->nelts, 1);
    ck_assert_int_le(vault_fixture_rows()->nelts, used);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(threads[i].err, AUTHP_OK);
        vault_fixture_opens(hosts[0], threads[i].text, "x");
        vault_fixture_opens(hosts[1], threads[i].text, "x");
        apr_pool_destroy(threads[i].pool);
    }
    pthread_barrier_destroy(&barrier);
}
END_TEST

/* A text sealed under a key that another host has made meanwhile. */
START_TEST(open_finds_a_newer_key)
{
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    vault_host_t *other = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(one, "first");
    const authp_data_key_t first = *vault_fixture_row(0);
    vault_fixture_remove_all();
    vault_fixture_opens(one, text, "first");
    const char *newer = vault_fixture_closed(other, "newer");
    ck_assert_int_eq(authp_store_data_key_add(vault_fixture.f.store, &first, vault_fixture.f.pool),
                     AUTHP_OK);
    (void)mem_store_calls(vault_fixture.f.store, vault_fixture.f.pool);
    vault_fixture_opens(one, newer, "newer");
    vault_fixture_asked("data_key_list");
    vault_fixture_opens(one, newer, "newer");
    vault_fixture_opens(one, text, "first");
    vault_fixture_asked("");
    vault_fixture_under(vault_fixture_closed(one, "x"), vault_fixture_row(0));
    vault_fixture_opens(other, text, "first");
}
END_TEST

/* The row is gone: no other process could open what the key seals. What it has sealed before, this
 * process still opens. */
START_TEST(a_key_without_a_row_seals_nothing)
{
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(one, "before");
    const authp_data_key_t row = *vault_fixture_row(0);
    vault_fixture_remove_all();
    vault_fixture_under(vault_fixture_closed(one, "not known yet"), &row);
    vault_fixture_load(one);
    const char *after = vault_fixture_closed(one, "after");
    ck_assert_int_eq(vault_fixture_rows()->nelts, 1);
    vault_fixture_under(after, vault_fixture_row(0));
    ck_assert_int_ne(strncmp(after, text, AUTHP_ID_LEN), 0);
    vault_fixture_opens(one, text, "before");
    vault_fixture_opens(vault_fixture_host(VAULT_OLD, NULL), after, "after");
}
END_TEST

Suite *suite_vault(void)
{
    Suite *suite = suite_create("vault");
    TCase *tests = tcase_create("vault");
    tcase_add_checked_fixture(tests, vault_fixture_open, vault_fixture_close);
    tcase_add_test(tests, purpose_and_row_are_bound);
    tcase_add_test(tests, changed_texts_do_not_open);
    tcase_add_test(tests, texts_of_older_releases_open);
    tcase_add_test(tests, a_wrapped_key_is_bound_to_its_row);
    tcase_add_test(tests, too_large);
    tcase_add_test(tests, two_hosts_make_the_first_key);
    tcase_add_loop_test(tests, many_threads_make_the_first_key, 0, 2);
    tcase_add_test(tests, open_finds_a_newer_key);
    tcase_add_test(tests, a_key_without_a_row_seals_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
