/* SPDX-License-Identifier: Apache-2.0 */
/* The value of the device cookie: which accounts it knows, and that nobody without the key can make
 * one. */
#include <string.h>

#include <apr_strings.h>

#include "base/b64url.h"
#include "fixture.h"
#include "service/account/device.h"
#include "suite.h"

#define DAY_MS INT64_C(86400000)

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const char *user(int number)
{
    return apr_psprintf(f.pool, "0123456789abcdef%08x", (unsigned int)number);
}

static const char *make(const authp_device_t *before, const char *user_id)
{
    const char *text = NULL;
    ck_assert_int_eq(authp_device_make(f.realm, before, user_id, &text, f.pool), AUTHP_OK);
    return text;
}

static authp_device_t read_back(const char *text)
{
    authp_device_t device;
    ck_assert_int_eq(authp_device_read(f.realm, text, &device), AUTHP_OK);
    return device;
}

START_TEST(knows_who_signed_in)
{
    authp_device_t first = read_back(make(NULL, user(1)));
    ck_assert_int_eq(first.nusers, 1);
    ck_assert(authp_device_knows(&first, user(1)));
    ck_assert(!authp_device_knows(&first, user(2)));
    ck_assert(!authp_device_knows(NULL, user(1)));
    authp_device_t second = read_back(make(&first, user(2)));
    ck_assert_mem_eq(first.id, second.id, sizeof(first.id));
    ck_assert(authp_device_knows(&second, user(1)));
    ck_assert(authp_device_knows(&second, user(2)));
    second = read_back(make(&second, user(2)));
    ck_assert_int_eq(second.nusers, 2);
    ck_assert(authp_device_knows(&second, user(1)));
    authp_device_t other = read_back(make(NULL, user(1)));
    ck_assert_mem_ne(first.id, other.id, sizeof(first.id));
}
END_TEST

START_TEST(the_last_five)
{
    authp_device_t device = read_back(make(NULL, user(1)));
    for (int i = 2; i <= 5; i++) {
        device = read_back(make(&device, user(i)));
    }
    /* an account that is known already replaces no other */
    device = read_back(make(&device, user(1)));
    ck_assert_int_eq(device.nusers, 5);
    device = read_back(make(&device, user(6)));
    ck_assert_int_eq(device.nusers, 5);
    for (int i = 1; i <= 6; i++) {
        ck_assert_int_eq(authp_device_knows(&device, user(i)), i != 2);
    }
}
END_TEST

START_TEST(nobody_else_writes_one)
{
    authp_device_t device = {.nusers = 77};
    const char *good = make(NULL, user(1));
    size_t len = strlen(good);
    ck_assert_int_eq(authp_device_read(f.realm, good, &device), AUTHP_OK);
    device.nusers = 77;
    for (size_t i = 0; i < len; i++) {
        char *bad = apr_pstrdup(f.pool, good);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        ck_assert_int_eq(authp_device_read(f.realm, bad, &device), AUTHP_E_MALFORMED);
        bad[i] = '\0'; /* ends early */
        ck_assert_int_eq(authp_device_read(f.realm, bad, &device), AUTHP_E_MALFORMED);
    }
    ck_assert_int_eq(authp_device_read(f.realm, apr_pstrcat(f.pool, good, "A", NULL), &device),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_device_read(f.realm, apr_pstrcat(f.pool, good, good, NULL), &device),
                     AUTHP_E_MALFORMED);
    char *longest = apr_palloc(f.pool, 5000);
    memset(longest, 'A', 4999);
    longest[4999] = '\0';
    ck_assert_int_eq(authp_device_read(f.realm, longest, &device), AUTHP_E_MALFORMED);
    ck_assert_int_eq(device.nusers, 77);
}
END_TEST

/* A tag that was made with the same key for another purpose is refused, even over bytes of the
 * right length. */
START_TEST(another_purpose)
{
    static const authp_key_label_t labels[] = {AUTHP_KEY_REFRESH, AUTHP_KEY_CSRF, AUTHP_KEY_LIMIT,
                                               AUTHP_KEY_DEVICE};
    unsigned char bytes[16 + 8 + 12 + AUTHP_SHA256_LEN] = {0};
    authp_device_t device;
    authp_ms_t now = authp_clock_now(f.realm->clock);
    for (size_t i = 0; i < 8; i++) {
        bytes[16 + i] = (unsigned char)((uint64_t)now >> (56 - 8 * i));
    }
    for (int i = 0; i < 4; i++) {
        const authp_bytes_t part = {bytes, sizeof(bytes) - AUTHP_SHA256_LEN};
        ck_assert_int_eq(authp_keys_tag(f.realm->keys, labels[i], &part, 1,
                                        bytes + sizeof(bytes) - AUTHP_SHA256_LEN),
                         AUTHP_OK);
        ck_assert_int_eq(
            authp_device_read(f.realm, authp_b64url_encode(bytes, sizeof(bytes), f.pool), &device),
            labels[i] == AUTHP_KEY_DEVICE ? AUTHP_OK : AUTHP_E_MALFORMED);
    }
}
END_TEST

START_TEST(the_key_rolls)
{
    authp_device_t device;
    const char *old = make(NULL, user(1));
    fixture_roll_key(&f, true);
    ck_assert_int_eq(authp_device_read(f.realm, old, &device), AUTHP_OK);
    const char *fresh = make(&device, user(1));
    fixture_roll_key(&f, false);
    ck_assert_int_eq(authp_device_read(f.realm, old, &device), AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_device_read(f.realm, fresh, &device), AUTHP_OK);
}
END_TEST

START_TEST(it_ages)
{
    authp_device_t device;
    const char *text = make(NULL, user(1));
    fake_clock_advance(&f.clock, 400 * DAY_MS);
    ck_assert_int_eq(authp_device_read(f.realm, text, &device), AUTHP_OK);
    const char *renewed = make(&device, user(1));
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(authp_device_read(f.realm, text, &device), AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_device_read(f.realm, renewed, &device), AUTHP_OK);
    fake_clock_advance(&f.clock, -300001); /* the clock of another host */
    ck_assert_int_eq(authp_device_read(f.realm, renewed, &device), AUTHP_OK);
    fake_clock_advance(&f.clock, -1);
    ck_assert_int_eq(authp_device_read(f.realm, renewed, &device), AUTHP_E_MALFORMED);
}
END_TEST

Suite *suite_device(void)
{
    Suite *suite = suite_create("device");
    TCase *tests = tcase_create("device");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, knows_who_signed_in);
    tcase_add_test(tests, the_last_five);
    tcase_add_test(tests, nobody_else_writes_one);
    tcase_add_test(tests, another_purpose);
    tcase_add_test(tests, the_key_rolls);
    tcase_add_test(tests, it_ages);
    suite_add_tcase(suite, tests);
    return suite;
}
