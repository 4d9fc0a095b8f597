/* SPDX-License-Identifier: Apache-2.0 */
/* The size of each place that is wiped while a key is derived, a hash is compared, a text is opened
 * and a setting is read. */
#include <string.h>

#include <apr_strings.h>

#include "crypto/hmac.h"
#include "crypto/keys.h"
#include "crypto/password/foreign.h"
#include "crypto/seal.h"
#include "service/settings/mail_url.h"
#include "suite.h"
#include "wiped.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static apr_pool_t *pool;
static authp_secret_t *present;
static authp_secret_t *previous;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    present = authp_secret_make(KEY, strlen(KEY), pool);
    previous = authp_secret_make(OTHER, strlen(OTHER), pool);
    (void)wiped_sizes();
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* The blocks for the inner and the outer state, and the padded key. */
START_TEST(a_key_of_hmac)
{
    authp_hmac_t *hmac = NULL;
    ck_assert_int_eq(authp_hmac_make(KEY, strlen(KEY), &hmac, pool), AUTHP_OK);
    ck_assert_str_eq(wiped_sizes(), "64 64 64 ");
}
END_TEST

/* For each label the same, and the derived key. A tag is compared with one sum for each key. */
START_TEST(derived_keys)
{
    authp_keys_t *keys = NULL;
    const char *want = "";
    const authp_bytes_t part = {(const unsigned char *)"x", 1};
    unsigned char tag[AUTHP_SHA256_LEN] = {0};
    for (int i = 0; i < AUTHP_KEY_COUNT * (1 + _i); i++) {
        want = apr_pstrcat(pool, want, "64 64 64 32 ", NULL);
    }
    ck_assert_int_eq(authp_keys_make(present, _i == 1 ? previous : NULL, &keys, pool), AUTHP_OK);
    ck_assert_str_eq(wiped_sizes(), want);
    ck_assert_int_eq(authp_keys_check(keys, AUTHP_KEY_CSRF, &part, 1, tag), AUTHP_E_MALFORMED);
    ck_assert_str_eq(wiped_sizes(), _i == 1 ? "32 32 " : "32 ");
}
END_TEST

/* The derived keys when they are made, and with their pool; what was opened, and its copy with its
 * pool. */
START_TEST(sealed_texts)
{
    authp_seal_t *seal = NULL;
    apr_pool_t *brief = NULL;
    const char *text = NULL;
    authp_bytes_t out = {NULL, 0};
    const authp_bytes_t data = {(const unsigned char *)"hello", 5};
    apr_pool_create(&brief, pool);
    ck_assert_int_eq(authp_seal_make(present, previous, "label", &seal, brief), AUTHP_OK);
    ck_assert_str_eq(wiped_sizes(), "32 32 ");
    ck_assert_int_eq(authp_seal_close(seal, "purpose", data, authp_random_system(), &text, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_seal_open(seal, "purpose", text, strlen(text), &out, brief), AUTHP_OK);
    ck_assert_str_eq(wiped_sizes(), "33 "); /* the bytes and what seals them */
    ck_assert_int_eq(authp_seal_open(seal, "other", text, strlen(text), &out, brief),
                     AUTHP_E_MALFORMED);
    ck_assert_str_eq(wiped_sizes(), "33 ");
    apr_pool_destroy(brief);
    ck_assert_str_eq(wiped_sizes(), "5 32 32 ");
}
END_TEST

/* A hash of each kind, and what is wiped after it was compared. */
static const struct {
    const char *hash;
    const char *sizes;
} hashes[] = {
    {"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
     "128 "},
    {"$scrypt$ln=4,r=1,p=1$$"
     "d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEL80Aad7QlI+DJqdToPyB8X6NPg+y4NNijPNeIMONGJBg",
     "128 "},
    {"$fbscrypt$v=1,n=4,r=8,p=1,ss=Bw==,sk="
     "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
     "$42xEC+ixf3L2lw==$"
     "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
     "32 128 "},
    {"$pbkdf2-sha256$1$c2FsdA$"
     "VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
     "128 "},
    {"$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", "1280 64 "},
    {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "512 "},
};

START_TEST(hashes_of_other_systems)
{
    bool match = true;
    ck_assert_int_eq(authp_foreign_verify("wrong", 5, hashes[_i].hash, &match), AUTHP_OK);
    ck_assert(!match);
    ck_assert_str_eq(wiped_sizes(), hashes[_i].sizes);
}
END_TEST

/* The decoded password at once, and its copy with the pool. */
START_TEST(the_password_of_mail_url)
{
    authp_mail_url_t *url = NULL;
    const char *why = NULL;
    apr_pool_t *brief = NULL;
    apr_pool_create(&brief, pool);
    ck_assert_int_eq(authp_mail_url_parse("smtp://me:s%3dcret@mail.example", &url, &why, brief),
                     AUTHP_OK);
    ck_assert_str_eq(wiped_sizes(), "6 ");
    apr_pool_destroy(brief);
    ck_assert_str_eq(wiped_sizes(), "6 ");
}
END_TEST

Suite *suite_wiped_places(void)
{
    Suite *suite = suite_create("wiped_places");
    TCase *tests = tcase_create("wiped_places");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_key_of_hmac);
    tcase_add_loop_test(tests, derived_keys, 0, 2);
    tcase_add_test(tests, sealed_texts);
    tcase_add_loop_test(tests, hashes_of_other_systems, 0,
                        (int)(sizeof(hashes) / sizeof(hashes[0])));
    tcase_add_test(tests, the_password_of_mail_url);
    suite_add_tcase(suite, tests);
    return suite;
}
