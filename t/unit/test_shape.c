/* SPDX-License-Identifier: Apache-2.0 */
/* Each member of an answer comes from its own column of the row and is null if the column is
 * absent. No other column is shown. */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "service/account/shape.h"
#include "suite.h"

#define ID "65f0c0ffee00000000000001"
#define OTHER_ID "65f0c0ffee00000000000002"
#define THIRD_ID "65f0c0ffee00000000000003"
#define SECOND(n) (1700000000000 + (n)*INT64_C(1000))

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Compares with `wanted`, in which ' stands for ". */
static void expect(json_t *shape, const char *wanted)
{
    size_t len = 0;
    char *text = apr_pstrdup(pool, wanted);
    for (char *at = strchr(text, '\''); at != NULL; at = strchr(at, '\'')) {
        *at = '"';
    }
    ck_assert_str_eq(authp_json_text(shape, &len, pool), text);
}

START_TEST(of_a_user)
{
    authp_user_t user = {.id = {ID},
                         .email = "ada@example.org",
                         .name = "Ada",
                         .username = "ada99",
                         .password_hash = "$2y$12$secret",
                         .roles = apr_array_make(pool, 2, sizeof(const char *)),
                         .created_at = SECOND(1),
                         .updated_at = SECOND(2)};
    APR_ARRAY_PUSH(user.roles, const char *) = "candidate";
    APR_ARRAY_PUSH(user.roles, const char *) = "admin";
    for (int i = 0; i < 4; i++) {
        user.is_recruiter_verified = i == 1;
        user.email_verified = i == 2;
        user.disabled = i == 3;
        expect(authp_shape_user(&user, pool),
               apr_psprintf(pool,
                            "{'id':'" ID "','email':'ada@example.org','username':'ada99',"
                            "'name':'Ada','roles':"
                            "['candidate','admin'],'is_recruiter_verified':%s,'email_verified':%s,"
                            "'disabled':%s,'created_at':'2023-11-14T22:13:21.000Z'}",
                            i == 1 ? "true" : "false", i == 2 ? "true" : "false",
                            i == 3 ? "true" : "false"));
    }
    const authp_user_t bare = {.id = {ID},
                               .roles = apr_array_make(pool, 1, sizeof(const char *)),
                               .created_at = SECOND(1)};
    expect(authp_shape_user(&bare, pool),
           "{'id':'" ID "','email':null,'name':null,'roles':[],'is_recruiter_verified':false,"
           "'email_verified':false,'disabled':false,'created_at':'2023-11-14T22:13:21.000Z'}");
}
END_TEST

START_TEST(of_a_phone)
{
    const authp_user_t user = {.id = {ID},
                               .phone = "+919876543210",
                               .roles = apr_array_make(pool, 1, sizeof(const char *)),
                               .created_at = SECOND(1)};
    expect(authp_shape_user(&user, pool),
           "{'id':'" ID "','email':null,'phone':'+919876543210','name':null,'roles':[],"
           "'is_recruiter_verified':false,'email_verified':false,'disabled':false,"
           "'created_at':'2023-11-14T22:13:21.000Z'}");
}
END_TEST

START_TEST(of_identities)
{
    const authp_identity_t whole = {.provider = "google",
                                    .issuer = "https://accounts.example",
                                    .sub = "11",
                                    .email = "ada@there.example",
                                    .picture = "https://there.example/a.png",
                                    .linked_at = SECOND(1),
                                    .last_login = SECOND(2)};
    const authp_identity_t bare = {.provider = "github", .issuer = "https://b.example", .sub = "1"};
    authp_user_t user = {.id = {ID}};
    expect(authp_shape_identities(&user, pool), "[]");
    user.identities = apr_array_make(pool, 2, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(user.identities, authp_identity_t) = whole;
    APR_ARRAY_PUSH(user.identities, authp_identity_t) = bare;
    expect(authp_shape_identities(&user, pool),
           "[{'provider':'google','email':'ada@there.example',"
           "'picture':'https://there.example/a.png','last_login':'2023-11-14T22:13:22.000Z',"
           "'linked_at':'2023-11-14T22:13:21.000Z'},{'provider':'github','email':null,"
           "'picture':null,'last_login':null,'linked_at':null}]");
}
END_TEST

START_TEST(of_a_session)
{
    const authp_session_t session = {.id = {ID},
                                     .user_id = {OTHER_ID},
                                     .device_id = "telephone",
                                     .ip = "192.0.2.1",
                                     .user_agent = "agent/1",
                                     .auth_time = SECOND(3),
                                     .created_at = SECOND(1),
                                     .last_used_at = SECOND(2),
                                     .rotated_at = SECOND(4),
                                     .expires_at = SECOND(5),
                                     .absolute_expires_at = SECOND(6)};
    expect(authp_shape_session(&session, true, pool),
           "{'id':'" ID "','device_id':'telephone','ip':'192.0.2.1','user_agent':'agent/1',"
           "'created_at':'2023-11-14T22:13:21.000Z','last_used_at':'2023-11-14T22:13:22.000Z',"
           "'current':true}");
    const authp_session_t bare = {.id = {ID}, .created_at = SECOND(1), .last_used_at = SECOND(2)};
    expect(authp_shape_session(&bare, false, pool),
           "{'id':'" ID "','device_id':null,'ip':null,'user_agent':null,"
           "'created_at':'2023-11-14T22:13:21.000Z','last_used_at':'2023-11-14T22:13:22.000Z',"
           "'current':false}");
}
END_TEST

START_TEST(of_an_invite)
{
    const authp_invite_t invite = {.id = {ID},
                                   .email = "ada@example.org",
                                   .code_hash = "secret",
                                   .created_at = SECOND(1),
                                   .expires_at = SECOND(2),
                                   .created_by = OTHER_ID,
                                   .used_at = SECOND(3),
                                   .used_by = THIRD_ID,
                                   .revoked_at = SECOND(4)};
    expect(authp_shape_invite(&invite, pool),
           "{'id':'" ID "','email':'ada@example.org','created_at':'2023-11-14T22:13:21.000Z',"
           "'expires_at':'2023-11-14T22:13:22.000Z','created_by':'" OTHER_ID
           "','used_at':'2023-11-14T22:13:23.000Z','used_by':'" THIRD_ID
           "','revoked_at':'2023-11-14T22:13:24.000Z'}");
    expect(authp_shape_new_invite(&invite, "the-code", pool),
           "{'id':'" ID "','email':'ada@example.org','created_at':'2023-11-14T22:13:21.000Z',"
           "'expires_at':'2023-11-14T22:13:22.000Z','code':'the-code'}");
    authp_invite_t of_admins = invite;
    of_admins.role = "admin";
    expect(authp_shape_new_invite(&of_admins, "the-code", pool),
           "{'id':'" ID "','email':'ada@example.org','created_at':'2023-11-14T22:13:21.000Z',"
           "'expires_at':'2023-11-14T22:13:22.000Z','code':'the-code','role':'admin'}");
    of_admins.used_at = of_admins.revoked_at = 0;
    of_admins.used_by = NULL;
    expect(authp_shape_invite(&of_admins, pool),
           "{'id':'" ID "','email':'ada@example.org','created_at':'2023-11-14T22:13:21.000Z',"
           "'expires_at':'2023-11-14T22:13:22.000Z','created_by':'" OTHER_ID
           "','used_at':null,'used_by':null,'revoked_at':null,'role':'admin'}");
    const authp_invite_t fresh = {.id = {ID},
                                  .email = "ada@example.org",
                                  .created_at = SECOND(1),
                                  .expires_at = SECOND(2),
                                  .created_by = "cli"};
    expect(authp_shape_invite(&fresh, pool),
           "{'id':'" ID "','email':'ada@example.org','created_at':'2023-11-14T22:13:21.000Z',"
           "'expires_at':'2023-11-14T22:13:22.000Z','created_by':'cli','used_at':null,"
           "'used_by':null,'revoked_at':null}");
}
END_TEST

START_TEST(of_an_entry)
{
    const authp_audit_t entry = {.id = {ID},
                                 .at = SECOND(1),
                                 .event = "login",
                                 .outcome = "denied",
                                 .reason = "why",
                                 .actor_id = OTHER_ID,
                                 .subject_id = THIRD_ID,
                                 .session_id = "session",
                                 .ip = "192.0.2.1",
                                 .request_id = "request"};
    expect(authp_shape_audit(&entry, pool),
           "{'id':'" ID "','at':'2023-11-14T22:13:21.000Z','event':'login','outcome':'denied',"
           "'reason':'why','actor_id':'" OTHER_ID "','subject_id':'" THIRD_ID
           "','session_id':'session','ip':'192.0.2.1','request_id':'request'}");
    const authp_audit_t bare = {.id = {ID}, .at = SECOND(1), .event = "login", .outcome = "ok"};
    expect(authp_shape_audit(&bare, pool),
           "{'id':'" ID "','at':'2023-11-14T22:13:21.000Z','event':'login','outcome':'ok',"
           "'reason':null,'actor_id':null,'subject_id':null,'session_id':null,'ip':null,"
           "'request_id':null}");
}
END_TEST

Suite *suite_shape(void)
{
    Suite *suite = suite_create("shape");
    TCase *tests = tcase_create("shape");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, of_a_user);
    tcase_add_test(tests, of_a_phone);
    tcase_add_test(tests, of_identities);
    tcase_add_test(tests, of_a_session);
    tcase_add_test(tests, of_an_invite);
    tcase_add_test(tests, of_an_entry);
    suite_add_tcase(suite, tests);
    return suite;
}
