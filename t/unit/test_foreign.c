/* SPDX-License-Identifier: Apache-2.0 */
/* Password hashes of other systems: vectors of their own projects, and texts that are refused. */
#include "base/log.h"
#include "base/random.h"
#include "crypto/password/argon2id.h"
#include "crypto/password/foreign.h"
#include "suite.h"
#include "support/faults.h"

#include <apr_pools.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static apr_pool_t *pool;
static char logged[512];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert_int_eq(level, AUTHP_LOG_ERROR);
    apr_cpystrn(logged, message, sizeof(logged));
}

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    faults_open();
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void teardown(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

/* The parameters of Firebase's example. */
#define FIREBASE                                                                                   \
    "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk="                                                       \
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
#define FIREBASE_HASH                                                                              \
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="

typedef struct vector_t {
    const char *hash;
    const char *password;
} vector_t;

static const vector_t vectors[] = {
    /* src/test.c of the reference implementation of Argon2 (RFC 9106), with version 0x13 */
    {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
     "password"},
    {"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
     "password"},
    {"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
     "password"},
    {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94",
     "differentpassword"},
    {"$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
     "password"},
    /* RFC 7914, section 12 */
    {"$scrypt$ln=4,r=1,p=1$$"
     "d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEL80Aad7QlI+DJqdToPyB8X6NPg+y4NNijPNeIMONGJBg",
     ""},
    {"$scrypt$ln=10,r=8,p=16$TmFDbA$"
     "/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
     "password"},
    {"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
     "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
     "pleaseletmein"},
    /* passlib's documentation of passlib.hash.scrypt */
    {"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
     "password"},
    /* README of Firebase's scrypt */
    {FIREBASE "$42xEC+ixf3L2lw==$" FIREBASE_HASH, "user1password"},
    /* the same as `firebase auth:export` writes it, in the other alphabet */
    {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk="
     "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA"
     "$42xEC-ixf3L2lw$"
     "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ",
     "user1password"},
    /* password_test.go of Supabase's auth server */
    {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk="
     "ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw=="
     "$C0sHCg9ek77hsg==$"
     "zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==",
     "mytestpassword"},
    /* RFC 7914, section 11 */
    {"$pbkdf2-sha256$1$c2FsdA$"
     "VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
     "passwd"},
    {"$pbkdf2-sha256$80000$TmFDbA$"
     "TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
     "Password"},
    /* the same as Auth0 writes it */
    {"$pbkdf2-sha256$i=80000,l=64$TmFDbA$"
     "TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
     "Password"},
    /* passlib's tutorial */
    {"$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
     "toomanysecrets"},
    /* hashcat's example of passlib's form */
    {"$pbkdf2-sha512$25000$LyWE0HrP2RsjZCxlDGFMKQ$"
     "1vC5Ohk2mCS9b6akqsEfgeb4l74SF8XjH.SljXf3dMLHdlY1GK9ojcCKts6/asR4aPqBmk74nCDddU3tvSCJvw",
     "hashcat"},
    /* tests/auth_tests/test_hashers.py of Django 1.6 */
    {"pbkdf2_sha256$12000$seasalt2$hlDLKsxgkgb1aeOppkM5atCYw5rPzAjCNQZ4NYyUROw=", "l\xc3\xa8tmein"},
    /* FIPS 180-4's example SHA-256("abc") and SHA-512("abc"), as a salt and a password */
    {"$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", "bc"},
    {"$sha256$o=sp$YQ==$ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "bc"},
    {"$sha256$o=ps$Yw$BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", "ab"},
    {"$sha256$$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "abc"},
    {"$sha512$YQ$"
     "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==",
     "bc"},
    {"$sha512$o=ps$Yw$"
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "ab"},
    /* tests of the Go package pwscheme */
    {"{SSHA256}czO44OTV17PcF1cRxWrLZLy9xHd7CWyVYplr1rOhuMlx/7IK", "test123"},
    {"{SSHA512}xPUl/px+1cG55rUH4rzcwxdOIPSB2TingLpiJJumN2xyDWN4Ix1WQG3ihnvHaWUE8MYNkvMi5rf0C9NYixH"
     "sE6Yh59M=",
     "test123"},
    /* Drepper's specification of SHA-crypt */
    {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"},
    {"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoE"
     "OfaS35inz1",
     "Hello world!"},
    {"$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
     "Hello world!"},
    {"$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZ"
     "eHBy/YTBmSK6H9qs/y3RnOaw5v.",
     "Hello world!"},
    /* crypt_blowfish */
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
};

static bool verify(const char *password, size_t len, const char *hash)
{
    bool match = false;
    ck_assert_int_eq(authp_foreign_verify(password, len, hash, &match), AUTHP_OK);
    return match;
}

START_TEST(vector_verifies)
{
    const vector_t *row = &vectors[_i];
    const size_t len = strlen(row->password);
    ck_assert_pstr_eq(authp_foreign_refusal(row->hash, pool), NULL);
    ck_assert_msg(verify(row->password, len, row->hash), "%s", row->hash);
    ck_assert_msg(!verify("another password", 16, row->hash), "%s", row->hash);
    ck_assert_msg(!verify(apr_pstrcat(pool, row->password, "x", NULL), len + 1, row->hash), "%s",
                  row->hash);
}
END_TEST

typedef struct refused_t {
    const char *hash;
    const char *why;
} refused_t;

#define SALT_HASH "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
#define SHA5 "$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"

static const refused_t refused[] = {
    {"", "a hash of no known form"},
    {"password", "a hash of no known form"},
    {"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "a hash of no known form"},
    {"$apr1$abcdefgh$Vq0rZ4kR9VqF1Q3l1oXyM/", "a hash of no known form"},
    {"$1$abcdefgh$Vq0rZ4kR9VqF1Q3l1oXyM/", "a hash of no known form"},
    {"pbkdf2_sha1$12000$seasalt2$hlDLKsxgkgb1aeOppkM5atCYw5o=", "a hash of no known form"},
    {"$2a$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
     "a damaged bcrypt hash, or one with a cost over 16"},
    {"$argon2id$v=19$m=65537,t=2,p=1" SALT_HASH, "Argon2 with over 64 MiB of memory"},
    {"$argon2id$v=19$m=4096,t=11,p=1" SALT_HASH, "Argon2 with over 10 passes or 16 lanes"},
    {"$argon2id$v=19$m=4096,t=2,p=17" SALT_HASH, "Argon2 with over 10 passes or 16 lanes"},
    {"$argon2id$v=16$m=4096,t=2,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$m=4096,t=2,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=4096,t=0,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=4096,t=2,p=0" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=7,t=2,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=-1,t=2,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=04096,t=2,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=4294971392,t=2,p=1" SALT_HASH, "a damaged hash"},
    {"$argon2id$v=19$m=4096,t=2,p=1" SALT_HASH "!", "a damaged hash"},
    {"$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
     "a damaged hash"}, /* a salt of 7 bytes */
    {"$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHQ$", "a damaged hash"},
    {"$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAA", "a damaged hash"},
    {"$argon2id$", "a damaged hash"},
    {"$scrypt$ln=17,r=8,p=1" SALT_HASH,
     "scrypt with over 64 MiB of memory, or 256 MiB in all runs"},
    {"$scrypt$ln=16,r=8,p=5" SALT_HASH,
     "scrypt with over 64 MiB of memory, or 256 MiB in all runs"},
    {"$scrypt$ln=64,r=8,p=1" SALT_HASH, "scrypt with over 64 MiB of memory or 16 runs"},
    {"$scrypt$ln=10,r=8,p=17" SALT_HASH, "scrypt with over 64 MiB of memory or 16 runs"},
    {"$scrypt$ln=1,r=999999999,p=1" SALT_HASH, "scrypt with over 64 MiB of memory or 16 runs"},
    {"$scrypt$ln=0,r=8,p=1" SALT_HASH, "a damaged hash"},
    {"$scrypt$ln=10,r=0,p=1" SALT_HASH, "a damaged hash"},
    {"$scrypt$ln=10,r=8,p=0" SALT_HASH, "a damaged hash"},
    {"$scrypt$ln=16,r=1,p=1" SALT_HASH, "a damaged hash"}, /* RFC 7914 forbids it */
    {"$scrypt$ln=10,r=8" SALT_HASH, "a damaged hash"},
    {FIREBASE "$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQND", "a damaged hash"},
    {"$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=Bw==$42xEC+ixf3L2lw==$" FIREBASE_HASH,
     "a damaged hash"},
    {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==$42xEC+ixf3L2lw==$" FIREBASE_HASH, "a damaged hash"},
    {"$pbkdf2-sha256$2000001" SALT_HASH, "over 2,000,000 rounds"},
    {"$pbkdf2-sha256$0" SALT_HASH, "a damaged hash"},
    {"$pbkdf2-sha256$i=1000,l=31" SALT_HASH, "a damaged hash"},
    {"$pbkdf2-sha256$i=1000" SALT_HASH, "a damaged hash"},
    {"$pbkdf2-sha256$" SALT_HASH, "a damaged hash"},
    {"pbkdf2_sha256$2000001$seasalt2$hlDLKsxgkgb1aeOppkM5atCYw5rPzAjCNQZ4NYyUROw=",
     "over 2,000,000 rounds"},
    {"pbkdf2_sha256$12000$seasalt2", "a damaged hash"},
    {"pbkdf2_sha256$12000$seasalt2$", "a damaged hash"},
    {"$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIA", "a damaged hash"},
    {"$sha256$YQ$ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "a damaged hash"},
    {"$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0===", "a damaged hash"},
    {"$sha256$Y$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", "a damaged hash"},
    {"$sha512$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", "a damaged hash"},
    {"{SSHA256}ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIA", "a damaged hash"},
    {"{SSHA256}", "a damaged hash"},
    {"$5$rounds=999$saltstring" SHA5, "a damaged hash"},
    {"$5$rounds=2000001$saltstring" SHA5, "over 2,000,000 rounds"},
    {"$5$saltstringsaltstr" SHA5, "a damaged hash"},
    {"$5$salt" SHA5 "x", "a damaged hash"},
    {"$5$salt:" SHA5, "a damaged hash"},
};

START_TEST(text_is_refused)
{
    ck_assert_pstr_eq(authp_foreign_refusal(refused[_i].hash, pool), refused[_i].why);
    ck_assert(!verify("password", 8, refused[_i].hash));
}
END_TEST

/* Texts that are too long for the arrays they are read into. */
START_TEST(long_parts_are_refused)
{
    char long_part[700];
    memset(long_part, 'A', sizeof(long_part) - 1);
    long_part[sizeof(long_part) - 1] = '\0';
    const char *const rows[] = {
        apr_pstrcat(pool, "$argon2id$v=19$m=64,t=2,p=1$", long_part, "$AAAA", NULL),
        apr_pstrcat(pool, "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$", long_part, NULL),
        apr_pstrcat(pool, "$fbscrypt$v=1,n=14,r=8,p=1,ss=", long_part, ",sk=Bw$Bw$Bw", NULL),
        apr_pstrcat(pool, "$fbscrypt$v=1,n=14,r=8,p=1,sk=", long_part, "$Bw$Bw", NULL),
        apr_pstrcat(pool, "pbkdf2_sha256$1$", long_part, "$AAAA", NULL),
        apr_pstrcat(pool, "$sha256$", long_part, "$AAAA", NULL),
        apr_pstrcat(pool, "{SSHA512}", long_part, NULL),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_pstr_eq(authp_foreign_refusal(rows[i], pool), "a damaged hash");
    }
    /* Firebase's salt and separator fit one by one, but not together. */
    const char *half = apr_pstrmemdup(pool, long_part, 180);
    const char *both =
        apr_pstrcat(pool, "$fbscrypt$v=1,n=14,r=8,p=1,ss=", half, ",sk=AAAAAAAAAAAAAAAAAAAAAA$",
                    half, "$AAAAAAAAAAAAAAAAAAAAAA", NULL);
    ck_assert_pstr_eq(authp_foreign_refusal(both, pool), "a damaged hash");
}
END_TEST

/* A password of 1,024 bytes matches, and of a longer one no part does. bcrypt takes 72 bytes. */
START_TEST(passwords_may_be_long)
{
    char password[AUTHP_FOREIGN_PASSWORD_MOST + 2];
    char hash[AUTHP_ARGON2ID_HASH_LEN + 1];
    memset(password, 'x', sizeof(password));
    ck_assert_int_eq(authp_argon2id_hash(password, 1024, authp_random_system(), hash), AUTHP_OK);
    ck_assert(verify(password, 1024, hash));
    ck_assert(!verify(password, 1023, hash));
    ck_assert(!verify(password, 1025, hash));
    /* the SHA-256 of 1,024 times "x" */
    static const char sha[] =
        "$sha256$$49abd65bbf7f7e40c7055093ed2e3fd75f2f602f2c5fcf955c213e3135eb03f7";
    ck_assert(verify(password, 1024, sha));
    ck_assert(!verify(password, 1025, sha));
    ck_assert(!verify(password, 512, "$5$salt" SHA5));
    ck_assert(
        !verify(password, 1024, "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    ck_assert(!verify("U*U\0", 4, "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    ck_assert(!verify("Hello world!\0", 13, "$5$saltstring" SHA5));
    /* crypt(3) of "": a password that crypt(3) cannot take is not tried as the empty one */
    static const char empty[] =
        "$5$rounds=1000$saltstring$TzAJABAaJwl111nyuH1uQy8kjHahyMHq1D7Y09hLQV1";
    ck_assert(verify("", 0, empty));
    ck_assert(!verify(password, 512, empty));
    ck_assert(!verify("\0", 1, empty));
}
END_TEST

START_TEST(our_argon2id)
{
    char hash[AUTHP_ARGON2ID_HASH_LEN + 1];
    char other[AUTHP_ARGON2ID_HASH_LEN + 1];
    authp_hash_text_t text;
    ck_assert_int_eq(authp_argon2id_hash("", 0, authp_random_system(), hash), AUTHP_OK);
    ck_assert_uint_eq(strlen(hash), AUTHP_ARGON2ID_HASH_LEN);
    ck_assert_int_eq(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    ck_assert(verify("", 0, hash));
    ck_assert(!verify("x", 1, hash));
    ck_assert_int_eq(authp_argon2id_hash("", 0, authp_random_system(), other), AUTHP_OK);
    ck_assert_str_ne(hash, other); /* each has a salt of its own */
    ck_assert_ptr_null(authp_hash_text_read(hash, &text));
    ck_assert(authp_argon2id_is_ours(&text));
    ck_assert_uint_eq(text.salt.len, 16);
    ck_assert_uint_eq(text.hash.len, 32);
    ck_assert_ptr_null(authp_hash_text_read(authp_argon2id_dummy(), &text));
    ck_assert(authp_argon2id_is_ours(&text));
    ck_assert(!verify("", 0, authp_argon2id_dummy()));
    ck_assert_ptr_null(authp_hash_text_read(vectors[0].hash, &text));
    ck_assert(!authp_argon2id_is_ours(&text));
}
END_TEST

static long resident_kib(void)
{
    long pages = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld %ld", &pages, &resident), 2);
    (void)fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* After a hash the process keeps none of its memory. t/security/43_hash_memory.t shows the same for
 * the threads of a server. */
START_TEST(memory_is_given_back)
{
    static const int rows[] = {3, 8, 9,
                               0}; /* Argon2id and scrypt of 64 MiB, Firebase's of 16 MiB */
    const long before = resident_kib();
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const vector_t *row = &vectors[rows[i / 2]];
        ck_assert(verify(row->password, strlen(row->password), row->hash));
        const long grown = resident_kib() - before;
        ck_assert_msg(grown < 8 * 1024, "after row %d: %ld KiB more", rows[i / 2], grown);
    }
}
END_TEST

static const struct {
    int vector;
    bool memory; /* it is the memory that is missing, and not the algorithms of OpenSSL */
    authp_err_t err;
    const char *line;
} failures[] = {
    {1, true, AUTHP_E_BUSY, "AUTHP0121: Argon2 with 256 KiB of memory failed: Memory allocation"},
    {6, true, AUTHP_E_BUSY, "AUTHP0124: scrypt with 1024 KiB of memory failed: no memory"},
    {9, true, AUTHP_E_BUSY, "AUTHP0124: scrypt with 16384 KiB of memory failed: no memory"},
    {5, false, AUTHP_E_INTERNAL, "AUTHP0123: PBKDF2 of scrypt failed"},
    {12, false, AUTHP_E_INTERNAL, "AUTHP0122: PBKDF2 failed: unsupported"},
    {18, false, AUTHP_E_INTERNAL, "AUTHP0122: SHA-2 failed: unsupported"},
};

/* A hash that cannot be made is no wrong password: the caller gets an error and no verdict. No
 * error stays in the thread's queue, where mod_ssl would find it. */
START_TEST(hashes_that_cannot_be_made)
{
    bool match = true;
    const vector_t *row = &vectors[failures[_i].vector];
    faults.mmap_at = failures[_i].memory;
    (void)EVP_set_default_properties(NULL, failures[_i].memory ? "" : "provider=none");
    authp_err_t err = authp_foreign_verify(row->password, strlen(row->password), row->hash, &match);
    (void)EVP_set_default_properties(NULL, "");
    ck_assert_int_eq(err, failures[_i].err);
    ck_assert(match);
    ck_assert_msg(strncmp(logged, failures[_i].line, strlen(failures[_i].line)) == 0, "%s", logged);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    ck_assert(verify(row->password, strlen(row->password), row->hash));
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

Suite *suite_foreign(void)
{
    Suite *suite = suite_create("foreign");
    TCase *tests = tcase_create("foreign");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, vector_verifies, 0, COUNT(vectors));
    tcase_add_loop_test(tests, text_is_refused, 0, COUNT(refused));
    tcase_add_test(tests, long_parts_are_refused);
    tcase_add_test(tests, passwords_may_be_long);
    tcase_add_test(tests, our_argon2id);
    tcase_add_test(tests, memory_is_given_back);
    tcase_add_loop_test(tests, hashes_that_cannot_be_made, 0, COUNT(failures));
    suite_add_tcase(suite, tests);
    return suite;
}
