/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of identity providers: which are refused, and the result of valid ones. */
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>

#include "service/settings/settings_providers.h"
#include "suite.h"

#define KEY_LINE "JWT_SECRET_KEY=QzI1hV8c2vT0bK3mX9wLr7dY5sNp4gFe\n"

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* The value of the last line NAME=VALUE of the text `ctx`. */
static const char *lookup(void *ctx, const char *name)
{
    const char *start = apr_pstrcat(pool, "\n", name, "=", NULL);
    const char *text = apr_pstrcat(pool, "\n", (const char *)ctx, NULL);
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, start)) != NULL; at++) {
        const char *value = at + strlen(start);
        found = apr_pstrmemdup(pool, value, strcspn(value, "\n"));
    }
    return found;
}

/* Returns all complaints, each followed by '|'. */
static const char *load(const char *text, authp_settings_t **out)
{
    const authp_settings_env_t env = {lookup, (void *)(uintptr_t)text};
    apr_array_header_t *errors = NULL;
    const char *said = "";
    authp_err_t err = authp_settings_load(NULL, &env, out, &errors, pool);
    for (int i = 0; i < errors->nelts; i++) {
        said = apr_pstrcat(pool, said, APR_ARRAY_IDX(errors, i, const char *), "|", NULL);
    }
    ck_assert_int_eq(err, *said == '\0' ? AUTHP_OK : AUTHP_E_MALFORMED);
    return said;
}

static authp_settings_t *loaded(const char *text)
{
    authp_settings_t *s = NULL;
    const char *said = load(text, &s);
    ck_assert_str_eq(said, "");
    return s;
}

static void expect_one(const char *text, const char *name, const char *what)
{
    authp_settings_t *s = NULL;
    const char *said = load(text, &s);
    const char *begin = apr_pstrcat(pool, name, " in ", NULL);
    const char *end = apr_pstrcat(pool, ": ", what, "|", NULL);
    ck_assert_msg(strncmp(said, begin, strlen(begin)) == 0 && strstr(said, end) != NULL &&
                      strchr(said, '|')[1] == '\0',
                  "%s", said);
}

#define GOOGLE "GOOGLE_CLIENT_ID=x\nGOOGLE_CLIENT_SECRET=s3cret-s3cret\n"
#define GOOGLE_END "must end in /google/callback below the mount, such as /api/auth/google/callback"
#define SAFE "must be an https URL (http only for localhost and 127.0.0.1), without a query"
#define NAMES                                                                                      \
    "must be at most 15 different names of a-z, 0-9 and _ that begin with a letter, comma "        \
    "separated; google has settings of its own"
#define NEEDED "is needed, because OIDC_PROVIDERS names this provider"
#define CORP                                                                                       \
    "OIDC_CORP_ISSUER=https://id.corp.example/\nOIDC_CORP_CLIENT_ID=x\n"                           \
    "OIDC_CORP_CLIENT_SECRET=s3cret-s3cret\n"                                                      \
    "OIDC_CORP_REDIRECT_URI=http://localhost:8080/api/auth/oidc/corp/callback\n"

static const struct {
    const char *lines;
    const char *name;
    const char *what;
} wrong[] = {
    {GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=https://h/cb", "GOOGLE_OAUTH_REDIRECT_URI", GOOGLE_END},
    {GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=https://h/a/oidc/corp/callback", "GOOGLE_OAUTH_REDIRECT_URI",
     GOOGLE_END},
    {GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=https://h/agoogle/callback", "GOOGLE_OAUTH_REDIRECT_URI",
     GOOGLE_END},
    {GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=http://h/a/google/callback", "GOOGLE_OAUTH_REDIRECT_URI",
     SAFE},
    {GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=https://h/google/callback?a=b", "GOOGLE_OAUTH_REDIRECT_URI",
     SAFE},
    {GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=https://h/google/callback\nGOOGLE_ISSUER=http://op.example",
     "GOOGLE_ISSUER", SAFE},
    {GOOGLE
     "GOOGLE_OAUTH_REDIRECT_URI=https://h/google/callback\nGOOGLE_ISSUER=http://localhost.evil",
     "GOOGLE_ISSUER", SAFE},
    {"OIDC_PROVIDERS=google", "OIDC_PROVIDERS", NAMES},
    {"OIDC_PROVIDERS=Corp", "OIDC_PROVIDERS", NAMES},
    {"OIDC_PROVIDERS=a-b", "OIDC_PROVIDERS", NAMES},
    {"OIDC_PROVIDERS=corp,corp\n" CORP, "OIDC_PROVIDERS", NAMES},
    {"OIDC_PROVIDERS=1corp", "OIDC_PROVIDERS", NAMES},
    {"OIDC_PROVIDERS=_corp", "OIDC_PROVIDERS", NAMES},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_ISSUER=\n", "OIDC_CORP_ISSUER", NEEDED},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_CLIENT_ID=\n", "OIDC_CORP_CLIENT_ID", NEEDED},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_CLIENT_SECRET=\n", "OIDC_CORP_CLIENT_SECRET", NEEDED},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_REDIRECT_URI=\n", "OIDC_CORP_REDIRECT_URI", NEEDED},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_CLIENT_SECRET=short\n", "OIDC_CORP_CLIENT_SECRET",
     "is 5 bytes, needs 8 to 500 (make one with `authplatform secret`)"},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_KIND=saml\n", "OIDC_CORP_KIND",
     "must be oidc, github or microsoft"},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_REDIRECT_URI=https://h/google/callback\n",
     "OIDC_CORP_REDIRECT_URI",
     "must end in /oidc/corp/callback below the mount, such as /api/auth/oidc/corp/callback"},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_EMAIL_DOMAINS=[1]\n", "OIDC_CORP_EMAIL_DOMAINS",
     "must be a list of texts of 1 to 253 bytes each"},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_KIND=microsoft\n"
     "OIDC_CORP_ISSUER=https://login.microsoftonline.com/common/v2.0\n",
     "OIDC_CORP_ISSUER", "must name one tenant, not common, organizations or consumers"},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_KIND=microsoft\n"
     "OIDC_CORP_ISSUER=https://login.microsoftonline.com/organizations/v2.0\n",
     "OIDC_CORP_ISSUER", "must name one tenant, not common, organizations or consumers"},
    {"OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_KIND=microsoft\n"
     "OIDC_CORP_ISSUER=https://login.microsoftonline.com/consumers/v2.0\n",
     "OIDC_CORP_ISSUER", "must name one tenant, not common, organizations or consumers"},
    {"OIDC_CA_FILE=/nonexistent/ca", "OIDC_CA_FILE", "/nonexistent/ca cannot be read"},
};

START_TEST(refused)
{
    expect_one(apr_pstrcat(pool, KEY_LINE, wrong[_i].lines, "\n", NULL), wrong[_i].name,
               wrong[_i].what);
}
END_TEST

START_TEST(providers)
{
    const authp_settings_t *s = loaded(
        KEY_LINE GOOGLE "GOOGLE_OAUTH_REDIRECT_URI=https://h/auth/google/callback\n"
                        "GOOGLE_EXTRA_CLIENT_IDS=phone, tablet\nOIDC_PROVIDERS=corp, hub\n" CORP
                        "OIDC_CORP_EMAIL_DOMAINS=Corp.Example,@corp.test\nOIDC_CORP_LABEL=Corp AG\n"
                        "OIDC_HUB_KIND=github\nOIDC_HUB_CLIENT_ID=y\n"
                        "OIDC_HUB_CLIENT_SECRET=s3cret-s3cret\n"
                        "OIDC_HUB_REDIRECT_URI=https://h/auth/oidc/hub/callback\n");
    ck_assert_int_eq(s->providers->nelts, 3);
    const authp_provider_t *google = authp_settings_providers_find(s, "google");
    ck_assert(google->google && google->kind == AUTHP_PROVIDER_OIDC);
    ck_assert_str_eq(google->issuer, "https://accounts.google.com");
    ck_assert_str_eq(google->label, "Google");
    ck_assert_str_eq(google->client_id, "x");
    ck_assert_str_eq((const char *)authp_secret_bytes(google->client_secret), "s3cret-s3cret");
    ck_assert_str_eq(google->redirect_uri, "https://h/auth/google/callback");
    ck_assert_str_eq(google->scopes, "openid email profile");
    ck_assert_int_eq(google->email_domains->nelts, 0);
    ck_assert_str_eq(google->redirect_path, "/auth/google/callback");
    ck_assert_int_eq(google->audiences->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(google->audiences, 1, const char *), "tablet");
    const authp_provider_t *corp = authp_settings_providers_find(s, "corp");
    ck_assert(!corp->google && corp->audiences->nelts == 0);
    ck_assert_str_eq(corp->issuer, "https://id.corp.example/");
    ck_assert_str_eq(corp->label, "Corp AG");
    ck_assert_str_eq(corp->client_id, "x");
    ck_assert_str_eq((const char *)authp_secret_bytes(corp->client_secret), "s3cret-s3cret");
    ck_assert_str_eq(corp->redirect_uri, "http://localhost:8080/api/auth/oidc/corp/callback");
    ck_assert_str_eq(corp->scopes, "openid email profile");
    ck_assert_str_eq(corp->redirect_path, "/api/auth/oidc/corp/callback");
    ck_assert_str_eq(APR_ARRAY_IDX(corp->email_domains, 0, const char *), "corp.example");
    ck_assert_str_eq(APR_ARRAY_IDX(corp->email_domains, 1, const char *), "corp.test");
    const authp_provider_t *hub = authp_settings_providers_find(s, "hub");
    ck_assert_int_eq(hub->kind, AUTHP_PROVIDER_GITHUB);
    ck_assert_str_eq(hub->issuer, "https://github.com");
    ck_assert_str_eq(hub->label, "GitHub");
    ck_assert_str_eq(hub->scopes, "read:user user:email");
    ck_assert_ptr_null(authp_settings_providers_find(s, "other"));
    ck_assert_int_eq(loaded(KEY_LINE)->providers->nelts, 0);
}
END_TEST

/* The label of a provider that the settings give none. Only Microsoft has issuers of many tenants.
 */
START_TEST(labels)
{
    (void)loaded(KEY_LINE "OIDC_PROVIDERS=corp\n" CORP
                          "OIDC_CORP_ISSUER=https://id.corp.example/common/v2.0\n");
    static const char *const rows[][2] = {
        {"oidc", "corp"}, {"github", "GitHub"}, {"microsoft", "Microsoft"}};
    for (int i = 0; i < 3; i++) {
        const authp_settings_t *s = loaded(apr_pstrcat(
            pool, KEY_LINE "OIDC_PROVIDERS=corp\n" CORP "OIDC_CORP_KIND=", rows[i][0], "\n", NULL));
        ck_assert_str_eq(authp_settings_providers_find(s, "corp")->label, rows[i][1]);
    }
}
END_TEST

START_TEST(one_issuer_one_name)
{
    expect_one(KEY_LINE "OIDC_PROVIDERS=corp,two\n" CORP
                        "OIDC_TWO_ISSUER=https://id.corp.example/\nOIDC_TWO_CLIENT_ID=x\n"
                        "OIDC_TWO_CLIENT_SECRET=s3cret-s3cret\n"
                        "OIDC_TWO_REDIRECT_URI=https://h/auth/oidc/two/callback\n",
               "OIDC_TWO_ISSUER", "is the issuer of corp too");
}
END_TEST

/* The settings of so many providers. */
static const char *many(int count)
{
    const char *names = "OIDC_PROVIDERS=";
    const char *lines = "\n";
    for (int i = 0; i < count; i++) {
        names = apr_psprintf(pool, "%s%sp%d", names, i > 0 ? "," : "", i);
        lines = apr_psprintf(pool,
                             "%sOIDC_P%d_ISSUER=https://p%d.example\nOIDC_P%d_CLIENT_ID=x\n"
                             "OIDC_P%d_CLIENT_SECRET=s3cret-s3cret\n"
                             "OIDC_P%d_REDIRECT_URI=https://h/auth/oidc/p%d/callback\n",
                             lines, i, i, i, i, i, i);
    }
    return apr_pstrcat(pool, KEY_LINE, names, lines, NULL);
}

START_TEST(at_most_fifteen)
{
    ck_assert_int_eq(loaded(many(15))->providers->nelts, 15);
    expect_one(many(16), "OIDC_PROVIDERS", NAMES);
}
END_TEST

/* Only the file is searched for misspelt keys, because the process environment has names of other
 * programs. */
START_TEST(names_of_all)
{
    const authp_settings_t *s = loaded(KEY_LINE "OIDC_PROVIDERS=corp\n" CORP);
    const apr_array_header_t *names = authp_settings_providers_names(s, pool);
    ck_assert_int_eq(names->nelts, 8);
    ck_assert_str_eq(APR_ARRAY_IDX(names, 1, const char *), "OIDC_CORP_ISSUER");
}
END_TEST

Suite *suite_settings_providers(void)
{
    Suite *suite = suite_create("settings_providers");
    TCase *tests = tcase_create("settings_providers");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, refused, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tests, providers);
    tcase_add_test(tests, labels);
    tcase_add_test(tests, one_issuer_one_name);
    tcase_add_test(tests, at_most_fifteen);
    tcase_add_test(tests, names_of_all);
    suite_add_tcase(suite, tests);
    return suite;
}
