/* SPDX-License-Identifier: Apache-2.0 */
/* Links in mails: how long each kind counts, for whom it fits, what a decoy is, and what the limit
 * counts. */
#include "crypto/digest.h"
#include "mail_fixture.h"
#include "mem_impl.h"
#include "service/mail/link.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org"
#define OTHER "ada.new@example.org"
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define ANY (1u << AUTHP_MAIL_VERIFY_EMAIL | 1u << AUTHP_MAIL_RESET_PASSWORD)

static fixture_t f;
static authp_user_t *ada; /* her account in the store */

static void set_up(void)
{
    fixture_open(&f);
    mail_fixture_on(&f);
    ada = mail_fixture_user(&f, EMAIL, "candidate");
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void sent(const authp_link_new_t *in)
{
    f.clock.now += 1000;
    ck_assert_int_eq(authp_link_send(f.realm, in, f.pool), AUTHP_OK);
}

/* Sends a link to Ada's address and returns its token. */
static const char *link_of(authp_mail_kind_t kind)
{
    sent(&(authp_link_new_t){.kind = kind, .user = ada, .to = EMAIL, .old = EMAIL});
    return mail_fixture_token(&f, authp_mail_kind_name(kind));
}

static authp_err_t find(const char *token, unsigned kinds)
{
    authp_link_t link = {.row = NULL};
    authp_err_t err = authp_link_find(f.realm, token, kinds, &link, f.pool);
    ck_assert_int_eq(link.row != NULL, err == AUTHP_OK);
    return err;
}

static const struct lives_t {
    authp_mail_kind_t kind;
    authp_ms_t life;
    authp_ms_t tried;  /* for how long the mail is tried */
    authp_ms_t stored; /* for how long the row stays */
} lives[] = {{AUTHP_MAIL_VERIFY_EMAIL, DAY, DAY, 25 * HOUR},
             {AUTHP_MAIL_RESET_PASSWORD, 30 * MINUTE, 30 * MINUTE, 25 * HOUR},
             {AUTHP_MAIL_SET_PASSWORD, 7 * DAY, DAY, 7 * DAY + HOUR}};

/* A link counts to the millisecond, for the kinds that the caller names. */
START_TEST(each_life)
{
    const struct lives_t *each = &lives[_i];
    const char *token = link_of(each->kind);
    const authp_mail_row_t *row = mail_fixture_at(&f, -1).row;
    const authp_ms_t made = f.clock.now;
    ck_assert_int_eq(row->created_at, made);
    ck_assert_int_eq(row->due_at, made);
    ck_assert_int_eq(row->link_until, made + each->life);
    ck_assert_int_eq(row->give_up_at, made + each->tried);
    ck_assert_int_eq(row->expires_at, made + each->stored);
    ck_assert_str_eq(row->user_id, ada->id.hex);
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        ck_assert_int_eq(find(token, 1u << kind),
                         kind == (int)each->kind ? AUTHP_OK : AUTHP_E_LINK_INVALID);
    }
    f.clock.now = made + each->life - 1;
    ck_assert_int_eq(find(token, 1u << each->kind), AUTHP_OK);
    f.clock.now++;
    ck_assert_int_eq(find(token, 1u << each->kind), AUTHP_E_LINK_INVALID);
}
END_TEST

/* --- for whom a link fits --------------------------------------------------------------------- */

static const struct fits_t {
    authp_mail_kind_t kind;
    const char *to;  /* the address of the link */
    const char *old; /* the account's address when it was made */
    const char *now; /* and now */
    bool same_ver;   /* no new password since */
    bool fits;
} fits[] = {
    /* proves the present address: whatever the password is */
    {AUTHP_MAIL_VERIFY_EMAIL, EMAIL, EMAIL, EMAIL, true, true},
    {AUTHP_MAIL_VERIFY_EMAIL, EMAIL, EMAIL, EMAIL, false, true},
    {AUTHP_MAIL_VERIFY_EMAIL, EMAIL, NULL, EMAIL, false, true},
    {AUTHP_MAIL_VERIFY_EMAIL, EMAIL, EMAIL, OTHER, true, false},
    {AUTHP_MAIL_VERIFY_EMAIL, EMAIL, EMAIL, NULL, true, false},
    /* changes it */
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, EMAIL, EMAIL, true, true},
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, EMAIL, EMAIL, false, false},
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, EMAIL, OTHER, false, true},
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, EMAIL, NULL, true, false},
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, NULL, NULL, true, true},
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, NULL, NULL, false, false},
    {AUTHP_MAIL_VERIFY_EMAIL, OTHER, NULL, EMAIL, true, false},
    /* opens the way to a password */
    {AUTHP_MAIL_RESET_PASSWORD, EMAIL, EMAIL, EMAIL, true, true},
    {AUTHP_MAIL_RESET_PASSWORD, EMAIL, EMAIL, EMAIL, false, false},
    {AUTHP_MAIL_RESET_PASSWORD, EMAIL, EMAIL, OTHER, true, false},
    {AUTHP_MAIL_RESET_PASSWORD, EMAIL, EMAIL, NULL, true, false},
    {AUTHP_MAIL_SET_PASSWORD, EMAIL, NULL, EMAIL, true, true},
    {AUTHP_MAIL_SET_PASSWORD, EMAIL, NULL, EMAIL, false, false},
    {AUTHP_MAIL_SET_PASSWORD, EMAIL, NULL, OTHER, true, false},
};

START_TEST(for_whom_it_fits)
{
    const struct fits_t *each = &fits[_i];
    authp_mail_row_t row = {.kind = authp_mail_kind_name(each->kind), .min_ver = 5};
    const authp_link_t link = {.row = &row, .email = each->to, .old = each->old};
    authp_user_t user = {.email = each->now, .min_ver = each->same_ver ? 5 : 6};
    ck_assert_int_eq(authp_link_still_fits(&link, &user), each->fits);
    user.disabled = true;
    ck_assert(!authp_link_still_fits(&link, &user));
}
END_TEST

/* authp_link_find() asks the same, and gives what was put into the link. */
START_TEST(what_is_found)
{
    authp_link_t link = {.row = NULL};
    const authp_link_new_t in = {
        .kind = AUTHP_MAIL_VERIFY_EMAIL, .user = ada, .to = OTHER, .old = EMAIL};
    ada->min_ver = 7;
    ada->ver = 7;
    sent(&in);
    const char *token = mail_fixture_token(&f, "verify_email");
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_OK);
    ck_assert_str_eq(link.email, OTHER);
    ck_assert_str_eq(link.old, EMAIL);
    ck_assert_str_eq(link.user->id.hex, ada->id.hex);
    ck_assert_int_eq(link.row->min_ver, 7);
    ada->disabled = true;
    ck_assert_int_eq(find(token, ANY), AUTHP_E_LINK_INVALID);
    ada->disabled = false;
    ada->min_ver = 8;
    ck_assert_int_eq(find(token, ANY), AUTHP_E_LINK_INVALID);
    ada->min_ver = 7;
    ck_assert_int_eq(find(token, ANY), AUTHP_OK);
    /* A token is 43 characters, and each of them counts. */
    ck_assert_int_eq(find(apr_pstrcat(f.pool, token, "A", NULL), ANY), AUTHP_E_LINK_INVALID);
    ck_assert_int_eq(find(apr_pstrmemdup(f.pool, token, 42), ANY), AUTHP_E_LINK_INVALID);
    ck_assert_int_eq(find("", ANY), AUTHP_E_LINK_INVALID);
}
END_TEST

/* --- use -------------------------------------------------------------------------------------- */

static void find_again(void *ctx)
{
    authp_link_t link;
    ck_assert_int_eq(authp_link_find(f.realm, ctx, ANY, &link, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_link_use(f.realm, &link, f.pool), AUTHP_OK);
}

/* Used once, given back, used once more. Of two requests at once the second one gets nothing. */
START_TEST(used_once)
{
    authp_link_t link;
    const char *token = link_of(AUTHP_MAIL_RESET_PASSWORD);
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_link_use(f.realm, &link, f.pool), AUTHP_OK);
    ck_assert_int_eq(link.row->used_at, f.clock.now);
    ck_assert_int_eq(find(token, ANY), AUTHP_E_LINK_INVALID);
    ck_assert_int_eq(authp_link_use(f.realm, &link, f.pool), AUTHP_E_LINK_INVALID);
    f.clock.now += 1000;
    ck_assert_int_eq(authp_link_give_back(f.realm, &link, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_OK);
    mem_store_before(f.store, "outbox_use", find_again, (void *)(uintptr_t)token);
    ck_assert_int_eq(authp_link_use(f.realm, &link, f.pool), AUTHP_E_LINK_INVALID);
}
END_TEST

/* A link that becomes too old between the two calls is not used. */
START_TEST(too_old_meanwhile)
{
    authp_link_t link;
    const char *token = link_of(AUTHP_MAIL_RESET_PASSWORD);
    f.clock.now += 30 * MINUTE - 1;
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_OK);
    f.clock.now++;
    ck_assert_int_eq(authp_link_use(f.realm, &link, f.pool), AUTHP_E_LINK_INVALID);
}
END_TEST

START_TEST(the_account_is_gone)
{
    authp_link_t link;
    const char *token = link_of(AUTHP_MAIL_RESET_PASSWORD);
    mem_store_fail(f.store, "user_by_id", 1, AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_E_LINK_INVALID);
    mem_store_fail(f.store, "user_by_id", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, "outbox_by_token", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, "outbox_use", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_link_find(f.realm, token, ANY, &link, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_link_use(f.realm, &link, f.pool), AUTHP_E_UNAVAILABLE);
}
END_TEST

/* --- decoys and the limit --------------------------------------------------------------------- */

/* Nothing in the row of a decoy names the account, and no length tells it apart. */
START_TEST(a_decoy)
{
    authp_link_new_t in = {.kind = AUTHP_MAIL_RESET_PASSWORD, .user = ada, .to = EMAIL};
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){1, 3600};
    ada->min_ver = 3;
    sent(&in);
    sent(&in); /* beyond the limit */
    in.user = NULL;
    in.to = "bob@example.org"; /* no account; as long as the other address */
    sent(&in);
    const mail_fixture_t real = mail_fixture_at(&f, 0);
    for (int i = 1; i < 3; i++) {
        const mail_fixture_t decoy = mail_fixture_at(&f, i);
        ck_assert_ptr_null(decoy.letter.to);
        ck_assert_str_ne(decoy.row->user_id, ada->id.hex);
        ck_assert(authp_id_valid(decoy.row->user_id));
        ck_assert_int_eq(decoy.row->min_ver, 0);
        ck_assert_uint_eq(strlen(decoy.row->sealed), strlen(real.row->sealed));
        ck_assert_uint_eq(strlen(decoy.row->box), strlen(real.row->box));
        ck_assert_uint_eq(strlen(decoy.row->token_hash), 64);
        ck_assert_int_eq(find(decoy.letter.token, ANY), AUTHP_E_LINK_INVALID);
    }
    ck_assert_int_eq(find(real.letter.token, ANY), AUTHP_OK);
}
END_TEST

/* A sealed letter does not tell how long an address or a code is. */
START_TEST(letters_are_equally_long)
{
    static const char *const emails[] = {"a@b.cd", EMAIL,
                                         "a.much.longer.name.than.the.others@mail.example.org"};
    size_t lens[3];
    for (int i = 0; i < 3; i++) {
        sent(&(authp_link_new_t){
            .kind = AUTHP_MAIL_RESET_PASSWORD, .user = ada, .to = emails[i], .language = "de"});
        lens[i] = strlen(mail_fixture_at(&f, -1).row->sealed);
    }
    ck_assert_uint_eq(lens[0], lens[1]);
    ck_assert_uint_eq(lens[0], lens[2]);
    ck_assert_uint_ge(lens[0], 512);
}
END_TEST

static bool is_sent(const authp_link_new_t *in)
{
    sent(in);
    return mail_fixture_at(&f, -1).letter.to != NULL;
}

/* After the time of AUTH_LIMIT_MAIL, in seconds, there is room again, and not before. */
START_TEST(the_window)
{
    const authp_link_new_t in = {.kind = AUTHP_MAIL_RESET_PASSWORD, .user = ada, .to = EMAIL};
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    ck_assert(is_sent(&in));
    const authp_ms_t began = f.clock.now;
    ck_assert(is_sent(&in));
    ck_assert(!is_sent(&in));
    f.clock.now = began + HOUR - 1001;
    ck_assert(!is_sent(&in));
    f.clock.now = began + HOUR - 1000;
    ck_assert(is_sent(&in));
    f.settings->limits = false;
    for (int i = 0; i < 5; i++) {
        ck_assert(is_sent(&in));
    }
}
END_TEST

/* A link to another address also counts for the account: by its address, or by its id if it has
 * none. One to its own address counts once. */
START_TEST(also_for_the_account)
{
    static const char *const addresses[] = {"new1@example.org", "new2@example.org", EMAIL};
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    ada->email = _i == 0 ? EMAIL : NULL;
    authp_link_new_t in = {.kind = AUTHP_MAIL_VERIFY_EMAIL, .user = ada, .count_own = true};
    for (int i = 0; i < 3; i++) {
        in.to = addresses[i];
        ck_assert_int_eq(is_sent(&in), i < 2);
    }
    in.count_own = false;
    in.to = "new3@example.org";
    ck_assert(is_sent(&in));
    in.to = EMAIL; /* not counted so far if it is not the account's */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(is_sent(&in), _i != 0 && i < 2);
    }
}
END_TEST

START_TEST(the_own_address_counts_once)
{
    const authp_link_new_t in = {
        .kind = AUTHP_MAIL_VERIFY_EMAIL, .user = ada, .to = EMAIL, .count_own = true};
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    ck_assert(is_sent(&in));
    ck_assert(is_sent(&in));
    ck_assert(!is_sent(&in));
}
END_TEST

/* Ids and tokens are random. If one is there already, that is no fault of the client. */
START_TEST(two_rows_with_one_id)
{
    const authp_link_new_t in = {.kind = AUTHP_MAIL_RESET_PASSWORD, .user = ada, .to = EMAIL};
    mem_store_fail(f.store, "outbox_add", 1, AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_link_send(f.realm, &in, f.pool), AUTHP_E_INTERNAL);
}
END_TEST

/* --- what older versions wrote ---------------------------------------------------------------- */

#define OLD_TOKEN "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o"
#define OLD_BOX                                                                                    \
    "MGQBoySZD9_mFV8L3PaACRwCCHAshPab8RH4CdebLvJ_-OJPcauKboVATWmDv94j1BbhEN1oBt7lrPUQO45CT_9Riat8Q4-bAgd31D0kraPWq9w"

/* A link that an older version of this program mailed still counts. One whose row was changed, or
 * lacks what a link needs, does not. */
START_TEST(of_an_older_version)
{
    authp_link_t link;
    const char *hash = NULL;
    char box[] = OLD_BOX;
    box[sizeof(box) / 2] ^= _i == 3 ? 1 : 0;
    authp_mail_row_t row = {.id = {.hex = "665f1c2e9b1d4a0012345678"},
                            .kind = "verify_email",
                            .user_id = _i == 1 ? NULL : ada->id.hex,
                            .box = _i == 2 ? NULL : box,
                            .created_at = f.clock.now,
                            .link_until = f.clock.now + HOUR,
                            .expires_at = f.clock.now + HOUR};
    ck_assert_int_eq(authp_digest_sha256_hex(OLD_TOKEN, strlen(OLD_TOKEN), &hash, f.pool),
                     AUTHP_OK);
    row.token_hash = hash;
    ck_assert_int_eq(authp_store_outbox_add(f.store, &row, f.pool), AUTHP_OK);
    if (_i > 0) {
        ck_assert_int_eq(find(OLD_TOKEN, ANY), AUTHP_E_LINK_INVALID);
        return;
    }
    ck_assert_int_eq(authp_link_find(f.realm, OLD_TOKEN, ANY, &link, f.pool), AUTHP_OK);
    ck_assert_str_eq(link.email, OTHER);
    ck_assert_str_eq(link.old, EMAIL);
}
END_TEST

Suite *suite_link(void)
{
    Suite *suite = suite_create("link");
    TCase *tests = tcase_create("link");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_life, 0, sizeof(lives) / sizeof(lives[0]));
    tcase_add_loop_test(tests, for_whom_it_fits, 0, sizeof(fits) / sizeof(fits[0]));
    tcase_add_test(tests, what_is_found);
    tcase_add_test(tests, used_once);
    tcase_add_test(tests, too_old_meanwhile);
    tcase_add_test(tests, the_account_is_gone);
    tcase_add_test(tests, a_decoy);
    tcase_add_test(tests, letters_are_equally_long);
    tcase_add_test(tests, the_window);
    tcase_add_loop_test(tests, also_for_the_account, 0, 2);
    tcase_add_test(tests, the_own_address_counts_once);
    tcase_add_test(tests, two_rows_with_one_id);
    tcase_add_loop_test(tests, of_an_older_version, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
