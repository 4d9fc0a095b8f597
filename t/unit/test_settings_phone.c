/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of phone numbers, one-time codes, and of the roles of their accounts. */
#include "service/settings/role_permissions.h"
#include "service/settings/settings.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define SECRET "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL"

static apr_pool_t *pool;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *find(void *ctx, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *pair = ctx; *pair != NULL; pair++) {
        if (strncmp(*pair, name, len) == 0 && (*pair)[len] == '=') {
            return *pair + len + 1;
        }
    }
    return NULL;
}

/* Loads settings from "NAME=VALUE" texts up to NULL. Returns the complaints, each followed by '|'.
 */
static const char *load(const char **pairs, authp_settings_t **out)
{
    const authp_settings_env_t env = {find, (void *)pairs};
    apr_array_header_t *errors = NULL;
    *out = NULL;
    authp_err_t err = authp_settings_load(NULL, &env, out, &errors, pool);
    const char *said = "";
    for (int i = 0; i < errors->nelts; i++) {
        said = apr_pstrcat(pool, said, APR_ARRAY_IDX(errors, i, const char *), "|", NULL);
    }
    ck_assert_int_eq(err == AUTHP_OK, errors->nelts == 0);
    return said;
}

static const char *list(const apr_array_header_t *texts)
{
    return apr_array_pstrcat(pool, texts, ',');
}

START_TEST(defaults)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET, NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert(!s->development);
    ck_assert_int_eq(s->otp_provider, AUTHP_OTP_BY_NOBODY);
    ck_assert(s->msg91_auth_key == NULL && s->msg91_template_id == NULL);
    ck_assert_str_eq(s->msg91_base_url, "https://control.msg91.com");
    ck_assert_int_eq(s->otp_length, 6);
    ck_assert_int_eq(s->otp_expire_minutes, 5);
    ck_assert_int_eq(s->otp_max_attempts, 5);
    ck_assert(s->otp_limit_phone.count == 3 && s->otp_limit_phone.seconds == 600);
    ck_assert(s->otp_limit_address.count == 10 && s->otp_limit_address.seconds == 3600);
    ck_assert(s->otp_limit_prefix.count == 60 && s->otp_limit_prefix.seconds == 600);
    ck_assert(s->otp_limit_wrong.count == 10 && s->otp_limit_wrong.seconds == 86400);
    ck_assert_int_eq(s->otp_budget_day, 1000);
    ck_assert_int_eq(s->otp_send_failed_status, 500);
    ck_assert_str_eq(s->phone_default_country, "91");
    ck_assert_str_eq(list(s->phone_countries), "91");
    ck_assert_int_eq(s->phone_idle_days, 180);
    ck_assert_str_eq(list(s->self_service_roles), "seeker,provider");
    ck_assert_int_eq(s->role_permissions->nelts, 1);
}
END_TEST

/* Programs that read the same file know more values. None of them lets the fixed codes in. */
START_TEST(other_environments)
{
    static const char *const values[] = {"Development", "development ", "dev", "staging",
                                         "production"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *pairs[] = {"JWT_SECRET_KEY=" SECRET,
                               apr_pstrcat(pool, "APP_ENV=", values[i], NULL), NULL};
        authp_settings_t *s = NULL;
        ck_assert_str_eq(load(pairs, &s), "");
        ck_assert_msg(!s->development, "%s", values[i]);
    }
}
END_TEST

START_TEST(typed_values)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET,
                           "APP_ENV=development",
                           "OTP_PROVIDER=msg91",
                           "MSG91_AUTH_KEY=~!k",
                           "MSG91_TEMPLATE_ID=t 1",
                           "MSG91_BASE_URL=http://127.0.0.1:8091/",
                           "PHONE_DEFAULT_COUNTRY=44",
                           "PHONE_COUNTRIES=[\"91\", \"1\"]",
                           "ROLES=admin,seller,buyer",
                           "SELF_SERVICE_ROLES=buyer",
                           NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert(s->development);
    ck_assert_int_eq(s->otp_provider, AUTHP_OTP_BY_MSG91);
    ck_assert_str_eq((const char *)authp_secret_bytes(s->msg91_auth_key), "~!k");
    ck_assert_str_eq(s->msg91_template_id, "t 1");
    ck_assert_str_eq(s->msg91_base_url, "http://127.0.0.1:8091");
    ck_assert_str_eq(list(s->phone_countries), "91,1");
    ck_assert_str_eq(list(s->self_service_roles), "buyer");
    pairs[2] = "OTP_PROVIDER=mock";
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert_int_eq(s->otp_provider, AUTHP_OTP_BY_MOCK);
}
END_TEST

/* The usual roles count only as far as ROLES has them. */
START_TEST(usual_roles)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET, "ROLES=admin,provider",
                           "PHONE_DEFAULT_COUNTRY=44", NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert_str_eq(list(s->self_service_roles), "provider");
    ck_assert_str_eq(list(s->phone_countries), "44");
}
END_TEST

START_TEST(ends_of_numbers)
{
    static const struct {
        const char *name;
        int least;
        int most;
    } rows[] = {
        {"OTP_LENGTH", 4, 9},
        {"OTP_EXPIRE_MINUTES", 1, 60},
        {"OTP_MAX_ATTEMPTS", 1, 20},
        {"OTP_BUDGET_DAY", 1, 10000000},
        {"OTP_SEND_FAILED_STATUS", 500, 599},
        {"PHONE_IDLE_DAYS", 0, 36500},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int values[] = {rows[i].least, rows[i].most, rows[i].least - 1, rows[i].most + 1};
        for (int k = 0; k < 4; k++) {
            const char *pairs[] = {"JWT_SECRET_KEY=" SECRET,
                                   apr_psprintf(pool, "%s=%d", rows[i].name, values[k]), NULL};
            authp_settings_t *s = NULL;
            const char *said = load(pairs, &s);
            ck_assert_msg((*said == '\0') == (k < 2), "%s: %s", pairs[1], said);
            ck_assert_msg(k < 2 || strstr(said, rows[i].name) == said, "%s: %s", pairs[1], said);
        }
    }
}
END_TEST

static const struct {
    const char *pair;
    const char *says;
} wrong[] = {
    {"OTP_PROVIDER=MSG91", "OTP_PROVIDER in the environment: must be msg91 or mock"},
    {"OTP_PROVIDER=-", "must be msg91 or mock"},
    {"OTP_PROVIDER=mock", "OTP_PROVIDER in the environment: is mock"},
    {"OTP_PROVIDER=msg91", "MSG91_AUTH_KEY in the environment: is needed|MSG91_TEMPLATE_ID"},
    {"MSG91_AUTH_KEY=a\r\nX: y", "MSG91_AUTH_KEY in the environment: must be printable ASCII"},
    {"MSG91_AUTH_KEY=a b", "printable ASCII"},
    {"MSG91_AUTH_KEY=\xc3\xa4", "printable ASCII"},
    {"MSG91_TEMPLATE_ID=a\nb", "MSG91_TEMPLATE_ID"},
    {"MSG91_BASE_URL=http://control.msg91.com",
     "MSG91_BASE_URL in the environment: must be an https"},
    {"MSG91_BASE_URL=http://127.0.0.1.example:80", "must be an https"},
    {"MSG91_BASE_URL=https://u:p@control.msg91.com", "must be an https"},
    {"MSG91_BASE_URL=https://control.msg91.com/?x=1", "must be an https"},
    {"OTP_LIMIT_PHONE=3", "OTP_LIMIT_PHONE in the environment: must be COUNT/TIME"},
    {"OTP_LIMIT_ADDRESS=0/1h", "OTP_LIMIT_ADDRESS in the environment: must be COUNT/TIME"},
    {"OTP_LIMIT_PREFIX=x", "OTP_LIMIT_PREFIX in the environment: must be COUNT/TIME"},
    {"OTP_LIMIT_WRONG=10", "OTP_LIMIT_WRONG in the environment: must be COUNT/TIME"},
    {"PHONE_DEFAULT_COUNTRY=+91", "PHONE_DEFAULT_COUNTRY in the environment: must be the digits"},
    {"PHONE_DEFAULT_COUNTRY=091", "must be the digits"},
    {"PHONE_DEFAULT_COUNTRY=9191", "at most 3 bytes"},
    {"PHONE_COUNTRIES=IN", "PHONE_COUNTRIES in the environment: must be a list of calling codes"},
    {"PHONE_COUNTRIES=91,0", "must be a list of calling codes"},
    {"PHONE_COUNTRIES=[]", "names no country"},
    {"SELF_SERVICE_ROLES=seeker,admin", "SELF_SERVICE_ROLES in the environment: must have neither"},
    {"SELF_SERVICE_ROLES=recruiter", "must have neither admin nor recruiter"},
    {"SELF_SERVICE_ROLES=seller", "names seller, which ROLES lacks"},
    {"SELF_SERVICE_ROLES=Seeker", "different names"},
    {"ROLE_PERMISSIONS=admin", "ROLE_PERMISSIONS in the environment: must be a JSON object"},
    {"ROLE_PERMISSIONS=[]", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": \"read\"}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [1]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [\"\"]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [\"a\\u0000b\"]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [\"a\\nb\"]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [\"\xc3\xa4\"]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [\"a\\\"b\"]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"Admin\": [\"read\"]}", "must be a JSON object"},
    {"ROLE_PERMISSIONS={\"admin\": [], \"admin\": []}", "must be a JSON object"},
};

START_TEST(wrong_values_are_named)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET, wrong[_i].pair, NULL};
    authp_settings_t *s = NULL;
    const char *said = load(pairs, &s);
    for (const char *says = wrong[_i].says; says != NULL;) {
        const char *end = strchr(says, '|');
        const char *one = end != NULL ? apr_pstrmemdup(pool, says, (apr_size_t)(end - says)) : says;
        ck_assert_msg(strstr(said, one) != NULL, "%s: %s", wrong[_i].pair, said);
        says = end != NULL ? end + 1 : NULL;
    }
    ck_assert_ptr_null(s);
}
END_TEST

/* A permission has at most 64 bytes. All of them, and three bytes for each, have at most 2,048. */
START_TEST(bounds_of_permissions)
{
    for (int more = 0; more < 2; more++) {
        const apr_array_header_t *rows = NULL;
        char *text = apr_psprintf(pool, "{\"admin\": [\"%0*d\"", 29 + more, 0);
        for (int i = 1; i < 64; i++) {
            text = apr_psprintf(pool, "%s%s\"%029d\"", text, i == 32 ? "], \"user\": [" : ", ", i);
        }
        text = apr_pstrcat(pool, text, "]}", NULL);
        authp_err_t want = more != 0 ? AUTHP_E_MALFORMED : AUTHP_OK;
        ck_assert_int_eq(authp_role_permissions_parse(text, &rows, pool), want);
        text = apr_psprintf(pool, "{\"admin\": [\"%0*d\"]}", 64 + more, 7);
        ck_assert_int_eq(authp_role_permissions_parse(text, &rows, pool), want);
    }
}
END_TEST

/* Printable ASCII without '"' and '\\', at the ends of a permission and inside of it. */
START_TEST(characters_of_permissions)
{
    for (int byte = 1; byte < 128; byte++) {
        const apr_array_header_t *rows = NULL;
        const char *text = apr_psprintf(pool, "{\"admin\": [\"\\u%04x\", \"a\\u%04xb\"]}",
                                        (unsigned)byte, (unsigned)byte);
        bool good = byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
        ck_assert_msg(authp_role_permissions_parse(text, &rows, pool) ==
                          (good ? AUTHP_OK : AUTHP_E_MALFORMED),
                      "%s", text);
    }
}
END_TEST

START_TEST(permissions_of_roles)
{
    const apr_array_header_t *rows = NULL;
    ck_assert_int_eq(
        authp_role_permissions_parse("{\"admin\": [\"read\", \"write\", \"read\"], "
                                     "\"seeker\": [\"apply\", \"read\"], \"user\": []}",
                                     &rows, pool),
        AUTHP_OK);
    apr_array_header_t *roles = apr_array_make(pool, 2, sizeof(const char *));
    ck_assert_str_eq(list(authp_role_permissions_of(rows, roles, pool)), "");
    APR_ARRAY_PUSH(roles, const char *) = "seeker";
    ck_assert_str_eq(list(authp_role_permissions_of(rows, roles, pool)), "apply,read");
    APR_ARRAY_PUSH(roles, const char *) = "admin";
    APR_ARRAY_PUSH(roles, const char *) = "nobody";
    ck_assert_str_eq(list(authp_role_permissions_of(rows, roles, pool)), "read,write,apply");
}
END_TEST

Suite *suite_settings_phone(void)
{
    Suite *suite = suite_create("settings_phone");
    TCase *tests = tcase_create("settings_phone");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, typed_values);
    tcase_add_test(tests, other_environments);
    tcase_add_test(tests, usual_roles);
    tcase_add_test(tests, ends_of_numbers);
    tcase_add_loop_test(tests, wrong_values_are_named, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tests, bounds_of_permissions);
    tcase_add_test(tests, characters_of_permissions);
    tcase_add_test(tests, permissions_of_roles);
    suite_add_tcase(suite, tests);
    return suite;
}
