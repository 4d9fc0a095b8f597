/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_providers.h"

#include "base/text.h"
#include "net/fetch.h"
#include "service/settings/settings_values.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define PROVIDERS_MOST 15
#define NAME_MOST 32
#define GOOGLE "google"
#define GITHUB_ISSUER "https://github.com"

/* The settings of one provider. OIDC_ and the provider's name in upper case stand before a name. */
#define AT(kind, member) AUTHP_SETTING_AT(kind, authp_provider_t, member)
static const authp_setting_t rows[] = {
    {"KIND", AT(KIND, kind), "oidc", 0, 0},
    {"ISSUER", AT(TEXT, issuer), NULL, 1, 255},
    {"CLIENT_ID", AT(TEXT, client_id), NULL, 1, 500},
    {"CLIENT_SECRET", AT(SECRET, client_secret), NULL, 8, 500},
    {"REDIRECT_URI", AT(TEXT, redirect_uri), NULL, 1, 1000},
    {"SCOPES", AT(TEXT, scopes), NULL, 1, 500},
    {"LABEL", AT(TEXT, label), NULL, 1, 100},
    {"EMAIL_DOMAINS", AT(LIST, email_domains), "[]", 1, 253},
};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static const char *setting_name(const char *provider, const char *row, apr_pool_t *pool)
{
    char *upper = apr_pstrdup(pool, provider);
    for (char *at = upper; *at != '\0'; at++) {
        *at = (char)apr_toupper(*at);
    }
    return apr_pstrcat(pool, "OIDC_", upper, "_", row, NULL);
}

static void complain(authp_loading_t *loading, const char *name, const char *text)
{
    loading->name = name;
    authp_settings_table_complain(loading, text);
}

static bool is_provider_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= NAME_MOST && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len &&
           strcmp(name, GOOGLE) != 0;
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* True for https, and for http on this host, where tests and development run. */
static bool is_safe_url(const char *url)
{
    return authp_fetch_url_fits(url) && strchr(url, '?') == NULL;
}

/* The names of two settings in messages. Google's settings have other names than those of OIDC_...
 */
typedef struct provider_names_t {
    const char *issuer;
    const char *redirect_uri;
} provider_names_t;

static void check_redirect_uri(authp_loading_t *loading, const char *name,
                               authp_provider_t *provider)
{
    apr_pool_t *pool = loading->pool;
    const char *path = apr_pstrcat(pool, "/oidc/", provider->name, "/callback", NULL);
    if (!is_safe_url(provider->redirect_uri)) {
        complain(loading, name,
                 "must be an https URL (http only for localhost and 127.0.0.1), without a query");
        return;
    }
    if (!ends(provider->redirect_uri, path) &&
        !(provider->google && ends(provider->redirect_uri, "/google/callback"))) {
        complain(loading, name,
                 apr_pstrcat(pool, "must end in ", provider->google ? "/google/callback" : path,
                             " below the mount, such as /api/auth",
                             provider->google ? "/google/callback" : path, NULL));
        return;
    }
    provider->redirect_path = strchr(strstr(provider->redirect_uri, "://") + 3, '/');
}

static void check_issuer(authp_loading_t *loading, const char *name, authp_provider_t *provider)
{
    if (!is_safe_url(provider->issuer)) {
        complain(loading, name,
                 "must be an https URL (http only for localhost and 127.0.0.1), without a query");
    } else if (provider->kind == AUTHP_PROVIDER_MICROSOFT &&
               (strstr(provider->issuer, "/common/") != NULL ||
                strstr(provider->issuer, "/organizations/") != NULL ||
                strstr(provider->issuer, "/consumers/") != NULL)) {
        complain(loading, name, "must name one tenant, not common, organizations or consumers");
    }
}

/* Identities are kept by issuer, so each issuer has one name. */
static void check_issuers_differ(authp_loading_t *loading, const char *name,
                                 const authp_provider_t *provider)
{
    const apr_array_header_t *others = loading->settings->providers;
    for (int i = 0; i < others->nelts; i++) {
        const authp_provider_t *other = APR_ARRAY_IDX(others, i, const authp_provider_t *);
        if (strcmp(other->issuer, provider->issuer) == 0) {
            complain(loading, name,
                     apr_pstrcat(loading->pool, "is the issuer of ", other->name, " too", NULL));
        }
    }
}

static void add(authp_loading_t *loading, const provider_names_t *names, authp_provider_t *provider)
{
    check_issuer(loading, names->issuer, provider);
    check_issuers_differ(loading, names->issuer, provider);
    check_redirect_uri(loading, names->redirect_uri, provider);
    APR_ARRAY_PUSH(loading->settings->providers, authp_provider_t *) = provider;
}

static void add_google(authp_loading_t *loading)
{
    static const provider_names_t names = {"GOOGLE_ISSUER", "GOOGLE_OAUTH_REDIRECT_URI"};
    const authp_settings_t *s = loading->settings;
    int set = (s->google_client_id != NULL) + (s->google_client_secret != NULL) +
              (s->google_redirect_uri != NULL);
    if (set != 0 && set != 3) {
        complain(
            loading, "GOOGLE_CLIENT_ID",
            "GOOGLE_CLIENT_SECRET and GOOGLE_OAUTH_REDIRECT_URI go together: set all three or none");
    }
    if (set != 3) {
        return;
    }
    authp_provider_t *provider = apr_pcalloc(loading->pool, sizeof(*provider));
    *provider =
        (authp_provider_t){.name = GOOGLE,
                           .label = "Google",
                           .kind = AUTHP_PROVIDER_OIDC,
                           .issuer = s->google_issuer,
                           .client_id = s->google_client_id,
                           .client_secret = s->google_client_secret,
                           .redirect_uri = s->google_redirect_uri,
                           .scopes = "openid email profile",
                           .google = true,
                           .email_domains = apr_array_make(loading->pool, 0, sizeof(const char *)),
                           .audiences = s->google_extra_client_ids};
    add(loading, &names, provider);
}

/* Sets members that the settings leave out to the values that most providers of that kind need. */
static void put_defaults(authp_provider_t *provider, apr_pool_t *pool)
{
    static const char *const labels[] = {[AUTHP_PROVIDER_OIDC] = NULL,
                                         [AUTHP_PROVIDER_GITHUB] = "GitHub",
                                         [AUTHP_PROVIDER_MICROSOFT] = "Microsoft"};
    bool github = provider->kind == AUTHP_PROVIDER_GITHUB;
    provider->audiences = apr_array_make(pool, 0, sizeof(const char *));
    if (provider->label == NULL) {
        provider->label = labels[provider->kind] != NULL ? labels[provider->kind] : provider->name;
    }
    if (provider->scopes == NULL) {
        provider->scopes = github ? "read:user user:email" : "openid email profile";
    }
    if (provider->issuer == NULL && github) {
        provider->issuer = GITHUB_ISSUER;
    }
}

static void lower_domains(authp_provider_t *provider, apr_pool_t *pool)
{
    apr_array_header_t *domains = apr_array_make(pool, 2, sizeof(const char *));
    for (int i = 0; i < provider->email_domains->nelts; i++) {
        char *domain = apr_pstrdup(pool, APR_ARRAY_IDX(provider->email_domains, i, const char *));
        authp_text_lower(domain);
        APR_ARRAY_PUSH(domains, const char *) = domain[0] == '@' ? domain + 1 : domain;
    }
    provider->email_domains = domains;
}

/* Complains about each setting that the provider needs and does not have. */
static bool has_all(authp_loading_t *loading, const authp_provider_t *provider)
{
    const struct {
        const char *row;
        bool there;
    } needed[] = {{"ISSUER", provider->issuer != NULL},
                  {"CLIENT_ID", provider->client_id != NULL},
                  {"CLIENT_SECRET", provider->client_secret != NULL},
                  {"REDIRECT_URI", provider->redirect_uri != NULL}};
    bool all = true;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!needed[i].there) {
            complain(loading, setting_name(provider->name, needed[i].row, loading->pool),
                     "is needed, because OIDC_PROVIDERS names this provider");
            all = false;
        }
    }
    return all;
}

static void add_named(authp_loading_t *loading, const authp_settings_source_t *source,
                      const char *name)
{
    apr_pool_t *pool = loading->pool;
    authp_provider_t *provider = apr_pcalloc(pool, sizeof(*provider));
    int errors = loading->errors->nelts;
    provider->name = name;
    loading->target = provider;
    for (int i = 0; i < ROWS; i++) {
        loading->name = setting_name(name, rows[i].name, pool);
        const char *value = authp_settings_source_value(source, loading->name, &loading->where);
        if (value != NULL) {
            authp_settings_table_note_place(loading);
        }
        if (value != NULL || rows[i].fallback != NULL) {
            authp_settings_values_set(loading, &rows[i], value != NULL ? value : rows[i].fallback);
        }
    }
    loading->target = loading->settings;
    loading->where = source->in_file;
    put_defaults(provider, pool);
    if (loading->errors->nelts > errors || !has_all(loading, provider)) {
        return;
    }
    lower_domains(provider, pool);
    const provider_names_t names = {setting_name(name, "ISSUER", pool),
                                    setting_name(name, "REDIRECT_URI", pool)};
    add(loading, &names, provider);
}

void authp_settings_providers_load(authp_loading_t *loading, const authp_settings_source_t *source)
{
    authp_settings_t *s = loading->settings;
    s->providers = apr_array_make(loading->pool, 2, sizeof(authp_provider_t *));
    loading->where = source->in_file;
    add_google(loading);
    /* NULL if the list itself is wrong. That complaint was made before. */
    for (int i = 0; s->oidc_providers != NULL && i < s->oidc_providers->nelts; i++) {
        const char *name = APR_ARRAY_IDX(s->oidc_providers, i, const char *);
        if (!is_provider_name(name) || i == PROVIDERS_MOST ||
            authp_settings_providers_find(s, name) != NULL) {
            complain(
                loading, "OIDC_PROVIDERS",
                "must be at most 15 different names of a-z, 0-9 and _ that begin with a letter, comma separated; google has settings of its own");
            return;
        }
        add_named(loading, source, name);
    }
}

apr_array_header_t *authp_settings_providers_names(const authp_settings_t *settings,
                                                   apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(const char *));
    const apr_array_header_t *list = settings->oidc_providers;
    for (int i = 0; list != NULL && i < list->nelts; i++) {
        for (int row = 0; row < ROWS; row++) {
            APR_ARRAY_PUSH(names, const char *) =
                setting_name(APR_ARRAY_IDX(list, i, const char *), rows[row].name, pool);
        }
    }
    return names;
}

const authp_provider_t *authp_settings_providers_find(const authp_settings_t *settings,
                                                      const char *name)
{
    for (int i = 0; i < settings->providers->nelts; i++) {
        const authp_provider_t *provider =
            APR_ARRAY_IDX(settings->providers, i, const authp_provider_t *);
        if (strcmp(provider->name, name) == 0) {
            return provider;
        }
    }
    return NULL;
}
