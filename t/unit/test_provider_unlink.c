/* SPDX-License-Identifier: Apache-2.0 */
/* Removing an identity: the owner may not remove the last way in, an administrator may. */
#include "person_fixture.h"
#include "service/provider/provider_link.h"
#include "store/identities.h"
#include "suite.h"

static fixture_t f;
static authp_user_t *ada;
static authp_grant_t grant;
static authp_self_t self;

static authp_user_t *row(void)
{
    return mem_store_user(f.store, ada->id.hex);
}

/* The providers that are configured. */
static void configure(void)
{
    static authp_provider_t google = {.name = "google", .issuer = PERSON_ISSUER};
    static authp_provider_t corp = {.name = "corp", .issuer = "https://corp.example"};
    f.settings->providers = apr_array_make(f.pool, 2, sizeof(authp_provider_t *));
    APR_ARRAY_PUSH(f.settings->providers, authp_provider_t *) = &google;
    APR_ARRAY_PUSH(f.settings->providers, authp_provider_t *) = &corp;
}

static void set_up(void)
{
    fixture_open(&f);
    configure();
    ada = fixture_user(&f, PERSON_EMAIL, "candidate", false);
    person_fixture_put(&f, row(), "google", PERSON_ISSUER, PERSON_SUB);
    grant = fixture_start(&f, ada);
    self = (authp_self_t){.user = grant.user,
                          .session = grant.session,
                          .client = &fixture_client,
                          .auth_time = grant.session->auth_time / 1000};
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t removed(const char *provider)
{
    return authp_provider_link_remove(f.realm, &self, provider, f.pool);
}

static authp_err_t removed_by_admin(const char *provider)
{
    static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    return authp_provider_link_remove_of(f.realm, &boss, ada->id.hex, provider, f.pool);
}

static int linked(void)
{
    return authp_identities_count(row()->identities);
}

START_TEST(an_owner_with_a_password)
{
    ck_assert_int_eq(removed("google"), AUTHP_OK);
    ck_assert_int_eq(linked(), 0);
    const authp_audit_t *event = fixture_audit(&f, "identity_unlink");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_str_eq(event->reason, "google");
    ck_assert_str_eq(event->actor_id, ada->id.hex);
    ck_assert_str_eq(event->subject_id, ada->id.hex);
    ck_assert_int_eq(removed("google"), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(mem_store_audit_count(f.store, "identity_unlink"), 1);
}
END_TEST

START_TEST(an_identity_that_is_not_there)
{
    ck_assert_int_eq(removed("corp"), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(removed("googl"), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(removed(""), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(removed_by_admin("corp"), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(linked(), 1);
    ck_assert_ptr_null(fixture_audit(&f, "identity_unlink"));
}
END_TEST

/* What else the account has, and whether the identity may go. */
static const struct {
    bool password;
    bool email;
    bool username;
    bool phone;
    bool second;
    bool may_go;
} ways[] = {
    {true, true, false, false, false, true},    {true, false, true, false, false, true},
    {true, false, false, false, false, false}, /* nobody can type the password */
    {false, true, false, false, false, false},  {false, true, true, false, false, false},
    {false, false, false, false, false, false}, {false, false, false, true, false, true},
    {false, true, false, true, false, true},    {false, true, false, false, true, true},
    {false, false, false, false, true, true},
};

static void have(size_t way)
{
    authp_user_t *has = row();
    const char *hash = ada->password_hash;
    has->password_hash = ways[way].password ? hash : NULL;
    has->email = ways[way].email ? PERSON_EMAIL : NULL;
    has->username = ways[way].username ? "ada" : NULL;
    has->phone = ways[way].phone ? "+4912345" : NULL;
    has->identities = NULL;
    person_fixture_put(&f, has, "google", PERSON_ISSUER, PERSON_SUB);
    if (ways[way].second) {
        person_fixture_put(&f, has, "corp", "https://corp.example", "7");
    }
}

START_TEST(the_last_way_in)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        have(i);
        int before = linked();
        authp_err_t err = removed("google");
        ck_assert_msg(err == (ways[i].may_go ? AUTHP_OK : AUTHP_E_LAST_CREDENTIAL), "way %d: %d",
                      (int)i, err);
        ck_assert_int_eq(linked(), ways[i].may_go ? before - 1 : before);
        /* An administrator may remove what is left. */
        have(i);
        ck_assert_int_eq(removed_by_admin("google"), AUTHP_OK);
        ck_assert_int_eq(linked(), before - 1);
    }
}
END_TEST

START_TEST(the_other_one_stays)
{
    person_fixture_put(&f, row(), "corp", "https://corp.example", "7");
    ck_assert_int_eq(removed("google"), AUTHP_OK);
    ck_assert_int_eq(linked(), 1);
    ck_assert_str_eq(authp_identities_at(row()->identities, 0)->provider, "corp");
    row()->password_hash = NULL;
    ck_assert_int_eq(removed("corp"), AUTHP_E_LAST_CREDENTIAL);
    ck_assert_int_eq(removed_by_admin("corp"), AUTHP_OK);
    ck_assert_ptr_null(row()->identities);
}
END_TEST

/* Nobody can sign in with an identity whose provider is not configured any more. */
START_TEST(a_provider_that_is_gone)
{
    person_fixture_put(&f, row(), "old", "https://old.example", "7");
    row()->password_hash = NULL;
    ck_assert_int_eq(removed("google"), AUTHP_E_LAST_CREDENTIAL);
    ck_assert_int_eq(removed("old"), AUTHP_OK);
    /* Under another name it is the same provider. */
    person_fixture_put(&f, row(), "old", "https://corp.example", "7");
    ck_assert_int_eq(removed("google"), AUTHP_OK);
}
END_TEST

START_TEST(an_administrator)
{
    static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    fake_clock_advance(&f.clock, 3600000);
    ck_assert_int_eq(removed_by_admin("google"), AUTHP_OK);
    const authp_audit_t *event = fixture_audit(&f, "identity_unlink");
    ck_assert_str_eq(event->actor_id, boss.id);
    ck_assert_str_eq(event->subject_id, ada->id.hex);
    ck_assert_int_eq(authp_provider_link_remove_of(f.realm, &boss, boss.id, "google", f.pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

/* Another request removes the other way to sign in right before the write. */
static void password_goes(void *ctx)
{
    authp_user_t *has = row();
    (void)ctx;
    has->password_hash = NULL;
    has->updated_at++;
}

START_TEST(a_password_that_goes_meanwhile)
{
    mem_store_before(f.store, "user_update", password_goes, NULL);
    ck_assert_int_eq(removed("google"), AUTHP_E_LAST_CREDENTIAL);
    ck_assert_int_eq(linked(), 1);
}
END_TEST

Suite *suite_provider_unlink(void)
{
    Suite *suite = suite_create("provider_unlink");
    TCase *tests = tcase_create("provider_unlink");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_owner_with_a_password);
    tcase_add_test(tests, an_identity_that_is_not_there);
    tcase_add_test(tests, the_last_way_in);
    tcase_add_test(tests, a_provider_that_is_gone);
    tcase_add_test(tests, the_other_one_stays);
    tcase_add_test(tests, an_administrator);
    tcase_add_test(tests, a_password_that_goes_meanwhile);
    suite_add_tcase(suite, tests);
    return suite;
}
