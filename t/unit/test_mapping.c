/* SPDX-License-Identifier: Apache-2.0 */
/* From what a provider says of a person to an account: each cell of the table of
 * service/provider/mapping.c, and what the accounts are afterwards. */
#include "mail_fixture.h"
#include "person_fixture.h"
#include "service/account/user.h"
#include "service/provider/mapping.h"
#include "store/identities.h"
#include "suite.h"

#include <string.h>

#define OTHER_ISSUER "https://id.example"
#define LENGTH(list) ((int)(sizeof(list) / sizeof((list)[0])))

static fixture_t f;
static authp_person_t person;

static void set_up(void)
{
    fixture_open(&f);
    person = person_fixture_ada;
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_user_t *row_of(const authp_user_t *user)
{
    return mem_store_user(f.store, user->id.hex);
}

static void put_identity(authp_user_t *row, const char *provider, const char *issuer,
                         const char *sub)
{
    person_fixture_put(&f, row, provider, issuer, sub);
}

/* One function for each situation in which a row of the table applies. It makes Ada's account as it
 * is before the sign-in, or none. */
static authp_user_t *ada(const char *role, bool verified, bool proven)
{
    authp_user_t *row = row_of(fixture_user(&f, PERSON_EMAIL, role, verified));
    row->email_verified = proven;
    return row;
}

static authp_user_t *nobody(void)
{
    return NULL;
}

static authp_user_t *linked(void)
{
    authp_user_t *row = ada("candidate", false, true);
    put_identity(row, "google", PERSON_ISSUER, "1001");
    row->email = "other@example.org";
    return row;
}

static authp_user_t *proven(void)
{
    return ada("candidate", false, true);
}

static authp_user_t *unproven(void)
{
    return ada("candidate", false, false);
}

static authp_user_t *shared(void)
{
    authp_user_t *row = unproven();
    put_identity(row, "corp", OTHER_ISSUER, "7");
    return row;
}

static authp_user_t *shared_by_phone(void)
{
    authp_user_t *row = unproven();
    row->phone = "+4912345";
    return row;
}

static authp_user_t *admin(void)
{
    return ada("admin", false, true);
}

static authp_user_t *unproven_admin(void)
{
    return ada("admin", false, false);
}

static authp_user_t *other_sub(void)
{
    authp_user_t *row = proven();
    put_identity(row, "google", PERSON_ISSUER, "2002");
    return row;
}

/* The provider had another name then. */
static authp_user_t *other_sub_of_old_name(void)
{
    authp_user_t *row = proven();
    put_identity(row, "goggle", PERSON_ISSUER, "2002");
    return row;
}

static authp_user_t *doubted(void)
{
    person.vouched = false;
    return proven();
}

static authp_user_t *disabled(void)
{
    authp_user_t *row = proven();
    row->disabled = true;
    return row;
}

static authp_user_t *linked_and_disabled(void)
{
    authp_user_t *row = linked();
    row->disabled = true;
    return row;
}

static authp_user_t *doubted_and_disabled(void)
{
    authp_user_t *row = doubted();
    row->disabled = true;
    return row;
}

static authp_user_t *linked_recruiter(void)
{
    authp_user_t *row = ada("recruiter", true, true);
    put_identity(row, "google", PERSON_ISSUER, "1001");
    return row;
}

static authp_user_t *pending_recruiter(void)
{
    authp_user_t *row = ada("recruiter", false, true);
    put_identity(row, "google", PERSON_ISSUER, "1001");
    return row;
}

static authp_user_t *linked_admin(void)
{
    authp_user_t *row = ada("admin", false, true);
    put_identity(row, "google", PERSON_ISSUER, "1001");
    return row;
}

enum { SAME = 1, NEW = 2, WITHOUT_ADDRESS = 4, NO_PASSWORD = 8, NOT_LINKED = 16 };

static const struct {
    authp_user_t *(*world)(void);
    bool invited;
    authp_err_t as_candidate;
    authp_err_t as_recruiter;
    unsigned account; /* how it is afterwards, after an AUTHP_OK and after a pending request */
} cells[] = {
    {nobody, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, NEW},
    {nobody, true, AUTHP_OK, AUTHP_OK, NEW},
    {linked, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, SAME},
    {linked, true, AUTHP_OK, AUTHP_OK, SAME},
    {linked_recruiter, false, AUTHP_OK, AUTHP_OK, SAME},
    {linked_recruiter, true, AUTHP_OK, AUTHP_OK, SAME},
    {pending_recruiter, false, AUTHP_E_RECRUITER_PENDING, AUTHP_E_RECRUITER_PENDING, SAME},
    {pending_recruiter, true, AUTHP_E_RECRUITER_PENDING, AUTHP_OK, SAME},
    {linked_admin, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, SAME},
    {proven, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, SAME},
    {proven, true, AUTHP_OK, AUTHP_OK, SAME},
    {unproven, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, SAME | NO_PASSWORD},
    {unproven, true, AUTHP_OK, AUTHP_OK, SAME | NO_PASSWORD},
    {shared, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, NEW | WITHOUT_ADDRESS},
    {shared, true, AUTHP_OK, AUTHP_OK, NEW | WITHOUT_ADDRESS},
    {shared_by_phone, false, AUTHP_OK, AUTHP_E_RECRUITER_PENDING, NEW | WITHOUT_ADDRESS},
    {admin, true, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_IDENTITY_CONFLICT, SAME | NOT_LINKED},
    {unproven_admin, true, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_IDENTITY_CONFLICT, SAME | NOT_LINKED},
    {other_sub, true, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_IDENTITY_CONFLICT, SAME | NOT_LINKED},
    {other_sub_of_old_name, true, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_IDENTITY_CONFLICT,
     SAME | NOT_LINKED},
    {doubted, true, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_IDENTITY_CONFLICT, SAME | NOT_LINKED},
    {disabled, true, AUTHP_E_ACCOUNT_DISABLED, AUTHP_E_ACCOUNT_DISABLED, SAME | NOT_LINKED},
    {linked_and_disabled, true, AUTHP_E_ACCOUNT_DISABLED, AUTHP_E_ACCOUNT_DISABLED, SAME},
    {doubted_and_disabled, true, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_IDENTITY_CONFLICT,
     SAME | NOT_LINKED},
};

static authp_user_t *owner(void)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_identity(f.store, PERSON_ISSUER, "1001", &user, f.pool);
    return err == AUTHP_OK ? user : NULL;
}

static void check_account(unsigned expected, const authp_user_t *before, authp_err_t err)
{
    const authp_user_t *after = owner();
    if ((expected & NOT_LINKED) != 0) {
        ck_assert_ptr_null(after);
        return;
    }
    ck_assert_ptr_nonnull(after);
    if (before != NULL) {
        bool same = strcmp(before->id.hex, after->id.hex) == 0;
        ck_assert_int_eq(same, (expected & SAME) != 0);
        const authp_user_t *now = row_of(before);
        ck_assert_int_eq(now->email == NULL, (expected & WITHOUT_ADDRESS) != 0);
        ck_assert_int_eq(now->password_hash == NULL, (expected & NO_PASSWORD) != 0);
    }
    if ((expected & NEW) != 0) {
        ck_assert_str_eq(after->email, PERSON_EMAIL);
        ck_assert_str_eq(after->name, "Ada L.");
        ck_assert(after->email_verified && after->password_hash == NULL);
    }
    const authp_identity_t *identity = authp_identities_of(after->identities, "google");
    if (err != AUTHP_E_ACCOUNT_DISABLED) {
        ck_assert_str_eq(identity->email, PERSON_EMAIL);
        ck_assert_str_eq(identity->picture, "https://img.example/a.png");
        ck_assert_int_eq(identity->last_login, f.clock.now);
    }
    if (err == AUTHP_E_RECRUITER_PENDING) {
        ck_assert(!after->is_recruiter_verified);
    }
}

/* Loop: twice the number of cells, for both roles. */
START_TEST(each_cell)
{
    int cell = _i / 2;
    authp_asked_t asked = _i % 2 == 0 ? AUTHP_ASKED_CANDIDATE : AUTHP_ASKED_RECRUITER;
    const authp_user_t *before = cells[cell].world();
    authp_err_t expected =
        asked == AUTHP_ASKED_CANDIDATE ? cells[cell].as_candidate : cells[cell].as_recruiter;
    authp_user_t *out = NULL;
    if (cells[cell].invited) {
        person_fixture_invite(&f);
    }
    authp_err_t err = authp_mapping_enter(f.realm, &person, asked, &fixture_client, &out, f.pool);
    ck_assert_msg(err == expected, "cell %d: %s", cell, authp_err_name(err));
    check_account(cells[cell].account, before, err);
    if (asked == AUTHP_ASKED_RECRUITER && err == AUTHP_OK) {
        ck_assert(authp_user_holds(out, "recruiter") && out->is_recruiter_verified);
    }
    if (asked == AUTHP_ASKED_RECRUITER && err == AUTHP_E_RECRUITER_PENDING) {
        ck_assert_int_eq(owner()->recruiter_requested_at, f.clock.now);
    }
    /* Only a recruiter who was none uses the invite up. */
    authp_invite_t *left = NULL;
    bool used =
        asked == AUTHP_ASKED_RECRUITER && err == AUTHP_OK && cells[cell].world != linked_recruiter;
    authp_err_t found =
        authp_store_invite_live_of(f.store, PERSON_EMAIL, NULL, f.clock.now, &left, f.pool);
    ck_assert_int_eq(found, cells[cell].invited && !used ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}
END_TEST

static const struct {
    authp_user_t *(*world)(void);
    const char *mails;
} told[] = {{proven, "identity_linked"}, {unproven, ""}, {linked, ""}, {nobody, ""}};

/* The owner of a proven address gets a notice of the first sign-in with a provider. */
START_TEST(the_owner_is_told)
{
    authp_user_t *out = NULL;
    (void)told[_i].world();
    mail_fixture_on(&f);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE,
                                             &fixture_client, &out, f.pool),
                         AUTHP_OK);
        ck_assert_str_eq(mail_fixture_kinds(&f), told[_i].mails);
    }
    if (told[_i].mails[0] != '\0') {
        ck_assert_str_eq(mail_fixture_at(&f, 0).letter.to, PERSON_EMAIL);
    }
}
END_TEST

/* What the audit has of a first sign-in with a provider, beside the sign-in itself. */
static const struct {
    authp_user_t *(*world)(void);
    const char *event;
    bool made;         /* an account */
    const char *ended; /* why the earlier sessions have ended; NULL: they go on */
} entries[] = {{proven, "identity_link", false, NULL},
               {unproven, "first_proof", false, "first_proof"},
               {shared, "address_lost", true, "first_proof"},
               {nobody, NULL, true, NULL},
               {linked, NULL, false, NULL}};

static void check_entry(const char *event, const char *id)
{
    const authp_audit_t *entry = fixture_audit(&f, event);
    ck_assert_msg(entry != NULL, "no %s", event);
    ck_assert_str_eq(entry->outcome, "ok");
    ck_assert_str_eq(entry->reason, "google");
    ck_assert_str_eq(entry->actor_id, id);
    ck_assert_str_eq(entry->subject_id, id);
    ck_assert_str_eq(entry->ip, fixture_client.ip);
}

START_TEST(what_the_audit_has)
{
    authp_user_t *out = NULL;
    authp_user_t *before = entries[_i].world();
    const char *sid = before != NULL ? fixture_start(&f, before).session->id.hex : NULL;
    const int earlier = fixture_audits(&f);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    if (entries[_i].event != NULL) {
        check_entry(entries[_i].event, before->id.hex);
    }
    if (entries[_i].made) {
        check_entry("register", out->id.hex);
    }
    if (sid != NULL) {
        ck_assert_pstr_eq(mem_store_session(f.store, sid)->end_reason, entries[_i].ended);
    }
    ck_assert_int_eq(fixture_audits(&f) - earlier, (entries[_i].event != NULL) + entries[_i].made);
}
END_TEST

Suite *suite_mapping(void)
{
    Suite *suite = suite_create("mapping");
    TCase *tests = tcase_create("mapping");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_cell, 0, 2 * LENGTH(cells));
    tcase_add_loop_test(tests, the_owner_is_told, 0, LENGTH(told));
    tcase_add_loop_test(tests, what_the_audit_has, 0, LENGTH(entries));
    suite_add_tcase(suite, tests);
    return suite;
}
