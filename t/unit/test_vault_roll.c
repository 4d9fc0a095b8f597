/* SPDX-License-Identifier: Apache-2.0 */
/* Data keys outlive a change of JWT_SECRET_KEY. What happens if they are lost, and when the store
 * is asked or fails. */
#include <string.h>

#include <apr_strings.h>

#include "service/vault/wrapping.h"
#include "suite.h"
#include "vault_fixture.h"

#define SOON 5000
#define LATER 600000

/* --- another JWT_SECRET_KEY ------------------------------------------------------------------- */
START_TEST(keys_outlive_a_roll)
{
    vault_host_t *before = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(before, "a text");
    const authp_data_key_t made = *vault_fixture_row(0);
    ck_assert_int_eq(made.rewrapped_at, 0);
    fake_clock_advance(&vault_fixture.f.clock, 1000);

    vault_host_t *during = vault_fixture_host(VAULT_NEW, VAULT_OLD);
    ck_assert_int_eq(authp_wrapping_by(&during->realm, &made), AUTHP_WRAPPING_BY_PREVIOUS);
    authp_vault_refresh(&during->realm, during->pool);
    ck_assert_int_eq(vault_fixture.rewrapped, 1);
    const authp_data_key_t wrapped = *vault_fixture_row(0);
    ck_assert_int_eq(authp_wrapping_by(&during->realm, &wrapped), AUTHP_WRAPPING_BY_PRESENT);
    ck_assert_int_eq(authp_wrapping_by(&before->realm, &wrapped), AUTHP_WRAPPING_BY_OTHER);
    ck_assert_int_eq(wrapped.rewrapped_at, made.created_at + 1000);
    ck_assert_int_eq(wrapped.created_at, made.created_at);
    ck_assert_str_eq(wrapped.id.hex, made.id.hex);
    vault_fixture_opens(during, text, "a text");
    vault_fixture_load(during);
    ck_assert_str_eq(vault_fixture_row(0)->wrapped, wrapped.wrapped); /* not once more */

    vault_host_t *after = vault_fixture_host(VAULT_NEW, NULL);
    vault_fixture_opens(after, text, "a text");
    vault_fixture_opens(after, vault_fixture_closed(before, "still sealed"), "still sealed");
    /* A process from before goes on with the key that it has. */
    vault_fixture_load(before);
    ck_assert_ptr_null(vault_fixture_why(before));
    vault_fixture_opens(before, vault_fixture_closed(after, "newer"), "newer");
    ck_assert_int_eq(vault_fixture.rewrapped, 1);
    ck_assert_int_eq(vault_fixture.lost, 0);
    /* If it starts again, it has none. */
    ck_assert_int_eq(vault_fixture_try_open(vault_fixture_host(VAULT_OLD, NULL), text),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(vault_fixture.lost, 1);
}
END_TEST

/* Another host wraps the key again at this moment: whichever comes second changes nothing. */
static void other_wraps(void *ctx)
{
    vault_fixture_load(ctx);
}

START_TEST(two_hosts_wrap_again)
{
    const char *text = vault_fixture_closed(vault_fixture_host(VAULT_OLD, NULL), "a text");
    vault_host_t *one = vault_fixture_host(VAULT_NEW, VAULT_OLD);
    vault_host_t *other = vault_fixture_host(VAULT_NEW, VAULT_OLD);
    mem_store_before(vault_fixture.f.store, "data_key_rewrap", other_wraps, other);
    vault_fixture_load(one);
    ck_assert_int_eq(vault_fixture.rewrapped, 1);
    vault_fixture_opens(vault_fixture_host(VAULT_NEW, NULL), text, "a text");
}
END_TEST

/* --- lost keys -------------------------------------------------------------------------------- */
START_TEST(lost_keys)
{
    const char *text = vault_fixture_closed(vault_fixture_host(VAULT_OLD, NULL), "a text");
    const char *sealed = NULL;
    vault_host_t *other = vault_fixture_host(VAULT_THIRD, VAULT_NEW);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(vault_fixture_try_close(other, "x", &sealed), AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(vault_fixture_try_open(other, text), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_ptr_null(sealed);
    ck_assert_int_eq(vault_fixture_rows()->nelts,
                     1); /* never a new key beside those that are lost */
    ck_assert_int_eq(vault_fixture.lost, 1);
    ck_assert_ptr_nonnull(strstr(vault_fixture.line, vault_fixture_row(0)->id.hex));
    ck_assert_ptr_null(strstr(vault_fixture.line, VAULT_OLD));
    const char *sentence = vault_fixture_why(other);
    ck_assert_ptr_nonnull(strstr(sentence, vault_fixture_row(0)->id.hex));
    ck_assert_ptr_nonnull(strstr(sentence, "JWT_SECRET_KEY_PREVIOUS"));
    ck_assert(authp_vault_is_shut(&other->realm, other->pool));

    vault_fixture_remove_all();
    ck_assert_ptr_nonnull(vault_fixture_why(other)); /* not asked again so soon */
    fake_clock_advance(&vault_fixture.monotonic, SOON);
    ck_assert_ptr_null(vault_fixture_why(other));
    ck_assert(!authp_vault_is_shut(&other->realm, other->pool)); /* it can make a key */
    const char *newer = vault_fixture_closed(other, "x");
    vault_fixture_under(newer, vault_fixture_row(0));
    ck_assert_int_eq(vault_fixture_try_open(other, text), AUTHP_E_UNAVAILABLE);
}
END_TEST

/* The lost keys were removed, and came back with a backup of the store. */
START_TEST(a_later_loss_is_logged_again)
{
    (void)vault_fixture_closed(vault_fixture_host(VAULT_OLD, NULL), "x");
    vault_host_t *other = vault_fixture_host(VAULT_THIRD, NULL);
    authp_data_key_t *row = vault_fixture_row(0);
    ck_assert_ptr_nonnull(vault_fixture_why(other));
    vault_fixture_remove_all();
    fake_clock_advance(&vault_fixture.monotonic, SOON);
    ck_assert_ptr_null(vault_fixture_why(other));
    ck_assert_int_eq(vault_fixture.lost, 1);
    ck_assert_int_eq(authp_store_data_key_add(vault_fixture.f.store, row, vault_fixture.f.pool),
                     AUTHP_OK);
    fake_clock_advance(&vault_fixture.monotonic, LATER);
    ck_assert_ptr_nonnull(vault_fixture_why(other));
    ck_assert_int_eq(vault_fixture.lost, 2);
}
END_TEST

/* What can be unwrapped is used, and what cannot is named: three ids, and how many more. */
START_TEST(some_keys_are_lost)
{
    apr_array_header_t *kept = apr_array_make(vault_fixture.f.pool, 8, sizeof(authp_data_key_t *));
    vault_host_t *mine = vault_fixture_host(VAULT_OLD, NULL);
    const char *text = vault_fixture_closed(mine, "a text");
    for (int i = 0; i < 5; i++) {
        APR_ARRAY_PUSH(kept, authp_data_key_t *) = vault_fixture_row(0);
        vault_fixture_remove_all();
        fake_clock_advance(&vault_fixture.f.clock, 1000);
        (void)vault_fixture_closed(vault_fixture_host(VAULT_THIRD, NULL), "x");
    }
    APR_ARRAY_PUSH(kept, authp_data_key_t *) = vault_fixture_row(0);
    vault_fixture_remove_all();
    for (int i = 0; i < kept->nelts; i++) {
        ck_assert_int_eq(authp_store_data_key_add(vault_fixture.f.store,
                                                  APR_ARRAY_IDX(kept, i, authp_data_key_t *),
                                                  vault_fixture.f.pool),
                         AUTHP_OK);
    }
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    const char *sentence = vault_fixture_why(one);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(strstr(sentence, vault_fixture_row(i)->id.hex));
    }
    ck_assert_ptr_nonnull(strstr(sentence, " and 2 more"));
    ck_assert_ptr_nonnull(strstr(vault_fixture.line, " and 2 more"));
    ck_assert(!authp_vault_is_shut(&one->realm, one->pool));
    vault_fixture_opens(one, text, "a text");
    vault_fixture_under(vault_fixture_closed(one, "x"), vault_fixture_row(5));
    ck_assert_int_eq(vault_fixture.lost, 1);
}
END_TEST

/* --- when the store is asked ------------------------------------------------------------------ */
START_TEST(loads_are_bounded)
{
    (void)vault_fixture_closed(vault_fixture_host(VAULT_OLD, NULL), "x");
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    (void)mem_store_calls(vault_fixture.f.store, vault_fixture.f.pool);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_null(vault_fixture_why(one));
        vault_fixture_asked("data_key_list");
        for (int j = 0; j < 20; j++) {
            ck_assert_ptr_null(vault_fixture_why(one));
            authp_vault_refresh(&one->realm, one->pool);
        }
        fake_clock_advance(&vault_fixture.monotonic, LATER - 1);
        ck_assert_ptr_null(vault_fixture_why(one));
        vault_fixture_asked("");
        fake_clock_advance(&vault_fixture.monotonic, 1);
    }
    /* What fails or is lost is looked at again sooner. */
    vault_host_t *other = vault_fixture_host(VAULT_THIRD, NULL);
    for (int i = 0; i < 3; i++) {
        bool fails = i == 1;
        mem_store_fail(vault_fixture.f.store, fails ? "data_key_list" : NULL, 0,
                       fails ? AUTHP_E_UNAVAILABLE : AUTHP_OK);
        ck_assert_ptr_nonnull(vault_fixture_why(other));
        vault_fixture_asked("data_key_list");
        fake_clock_advance(&vault_fixture.monotonic, SOON - 1);
        ck_assert_ptr_nonnull(vault_fixture_why(other));
        vault_fixture_asked("");
        fake_clock_advance(&vault_fixture.monotonic, 1);
    }
    ck_assert_int_eq(vault_fixture.lost, 1);
}
END_TEST

START_TEST(no_vault)
{
    vault_fixture.f.realm->vault = NULL;
    ck_assert_ptr_null(authp_vault_why(vault_fixture.f.realm, vault_fixture.f.pool));
    authp_vault_refresh(vault_fixture.f.realm, vault_fixture.f.pool);
    ck_assert(!authp_vault_is_shut(vault_fixture.f.realm, vault_fixture.f.pool));
    vault_fixture_asked("");
}
END_TEST

/* A key has 32 bytes. A row with another number of them is a lost one, for each function that asks.
 */
START_TEST(keys_of_another_length)
{
    static const char bytes[] = "0123456789abcdef0123456789abcdef0";
    for (size_t len = AUTHP_WRAPPING_KEY_LEN - 1; len <= AUTHP_WRAPPING_KEY_LEN + 1; len++) {
        vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
        const authp_seal_t *wrap = NULL;
        authp_data_key_t row = {.id = {"665f1c2e9b1d4a0012345670"}, .created_at = 1};
        ck_assert_int_eq(authp_wrapping_make(&one->settings, &wrap, one->pool), AUTHP_OK);
        ck_assert_int_eq(
            authp_wrapping_close(&one->realm, wrap, &row, (authp_bytes_t){bytes, len}, one->pool),
            AUTHP_OK);
        vault_fixture_remove_all();
        ck_assert_int_eq(
            authp_store_data_key_add(vault_fixture.f.store, &row, vault_fixture.f.pool), AUTHP_OK);
        const bool good = len == AUTHP_WRAPPING_KEY_LEN;
        ck_assert_int_eq(authp_vault_is_shut(&one->realm, one->pool), !good);
        ck_assert_int_eq(vault_fixture_why(one) == NULL, good);
    }
}
END_TEST

/* --- the store fails -------------------------------------------------------------------------- */
START_TEST(the_store_fails)
{
    static const authp_err_t errors[] = {AUTHP_E_UNAVAILABLE, AUTHP_E_INTERNAL};
    const authp_err_t err = errors[_i];
    const char *text = NULL;
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    static const char *const first[] = {"data_key_list", "data_key_add"};
    for (int i = 0; i < 2; i++) {
        mem_store_fail(vault_fixture.f.store, first[i], 1, err);
        ck_assert_int_eq(vault_fixture_try_close(one, "x", &text), err);
        ck_assert_ptr_null(text);
        ck_assert_int_eq(vault_fixture_rows()->nelts, 0);
    }
    text = vault_fixture_closed(one, "a text");

    vault_host_t *other = vault_fixture_host(VAULT_OLD, NULL);
    mem_store_fail(vault_fixture.f.store, "data_key_list", 1, err);
    ck_assert_int_eq(vault_fixture_try_open(other, text), err);
    vault_fixture_opens(other, text, "a text");

    /* A key that cannot be wrapped again is used all the same, and is wrapped at the next load. */
    vault_host_t *rolled = vault_fixture_host(VAULT_NEW, VAULT_OLD);
    mem_store_fail(vault_fixture.f.store, "data_key_rewrap", 1, err);
    authp_vault_refresh(&rolled->realm, rolled->pool);
    ck_assert_int_eq(vault_fixture.rewrapped, 0);
    vault_fixture_opens(rolled, text, "a text");
    ck_assert_ptr_null(vault_fixture_why(rolled));
    mem_store_fail(vault_fixture.f.store, "data_key_rewrap", 1, err);
    ck_assert_int_eq(authp_vault_load(&rolled->realm, rolled->pool), err);
    fake_clock_advance(&vault_fixture.monotonic, SOON);
    authp_vault_refresh(&rolled->realm, rolled->pool);
    ck_assert_int_eq(vault_fixture.rewrapped, 1);
    vault_fixture_opens(vault_fixture_host(VAULT_NEW, NULL), text, "a text");
}
END_TEST

/* An id that is taken: the mail is refused this time, and nothing is lost. */
START_TEST(the_id_is_taken)
{
    const char *text = NULL;
    vault_host_t *one = vault_fixture_host(VAULT_OLD, NULL);
    mem_store_fail(vault_fixture.f.store, "data_key_add", 1, AUTHP_E_CONFLICT);
    ck_assert_int_eq(vault_fixture_try_close(one, "x", &text), AUTHP_E_UNAVAILABLE);
    vault_fixture_opens(one, vault_fixture_closed(one, "a text"), "a text");
}
END_TEST

Suite *suite_vault_roll(void)
{
    Suite *suite = suite_create("vault_roll");
    TCase *tests = tcase_create("vault_roll");
    tcase_add_checked_fixture(tests, vault_fixture_open, vault_fixture_close);
    tcase_add_test(tests, keys_outlive_a_roll);
    tcase_add_test(tests, two_hosts_wrap_again);
    tcase_add_test(tests, lost_keys);
    tcase_add_test(tests, a_later_loss_is_logged_again);
    tcase_add_test(tests, some_keys_are_lost);
    tcase_add_test(tests, loads_are_bounded);
    tcase_add_test(tests, no_vault);
    tcase_add_test(tests, keys_of_another_length);
    tcase_add_loop_test(tests, the_store_fails, 0, 2);
    tcase_add_test(tests, the_id_is_taken);
    suite_add_tcase(suite, tests);
    return suite;
}
