/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql/postgresql_url.h"
#include "base/text.h"
#include "store/postgresql/postgresql_native.h"

#include <apr_strings.h>
#include <string.h>

/* The least that libpq takes; it counts for each host of the URI. */
#define CONNECT_SECONDS "2"

/* No file can be there. libpq otherwise looks for a certificate of the client in the folder that
 * HOME names. That may be the home of root, in which httpd's user may not look, and then each TLS
 * connection fails. */
#define NO_FILE "/dev/null/none"

/* Existing settings of Python programs name their driver in the scheme: postgresql+asyncpg:// */
static const char *without_driver(const char *uri, apr_pool_t *pool)
{
    static const char scheme[] = "postgresql";
    const char *rest = strstr(uri, "://");
    return rest != NULL && strncmp(uri, scheme, sizeof(scheme) - 1) == 0 &&
                   uri[sizeof(scheme) - 1] == '+'
               ? apr_pstrcat(pool, scheme, rest, NULL)
               : uri;
}

static const PQconninfoOption *parse(const authp_store_config_t *config, const char **error,
                                     apr_pool_t *pool)
{
    return authp_postgresql_native_parse(without_driver(config->uri, pool), error, pool);
}

/* The text between the first two quotation marks of a message; NULL if there is none. */
static const char *quoted(const char *message, apr_pool_t *pool)
{
    const char *from = strchr(message, '"');
    const char *to = from != NULL ? strchr(from + 1, '"') : NULL;
    return to != NULL ? apr_pstrmemdup(pool, from + 1, (apr_size_t)(to - from - 1)) : NULL;
}

static const char *unknown_option(const char *name, apr_pool_t *pool)
{
    apr_array_header_t *known = apr_array_make(pool, 40, sizeof(const char *));
    const char *error = NULL;
    const PQconninfoOption *options = authp_postgresql_native_parse("", &error, pool);
    for (; options != NULL && options->keyword != NULL; options++) {
        APR_ARRAY_PUSH(known, const char *) = options->keyword;
    }
    const char *nearest = authp_text_nearest(name, known);
    return apr_psprintf(pool, "DATABASE_URL has an option that libpq does not know: \"%s\"%s%s%s",
                        name, nearest != NULL ? "; did you mean " : "",
                        nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

/* Only messages about the name of an option are shown. Others may contain parts of the password. */
static const char *explain(const char *message, apr_pool_t *pool)
{
    static const char *const about_names[] = {"invalid URI query parameter: ",
                                              "invalid connection option "};
    for (size_t i = 0; message != NULL && i < sizeof(about_names) / sizeof(about_names[0]); i++) {
        const char *name = quoted(message, pool);
        if (strncmp(message, about_names[i], strlen(about_names[i])) == 0 && name != NULL &&
            *name != '\0' && strlen(name) <= 40) {
            return unknown_option(name, pool);
        }
    }
    return "libpq cannot read DATABASE_URL. It is a URI, in which special characters of user and "
           "password are written as %XX, or a list of key=value";
}

/* libpq ends the password of a URI at the first @, and takes user and password for host and port if
 * a / stands before it. The rest of a password that has such a character would be the name of a
 * host or a database, which messages show and which is looked up in the DNS. */
static bool spills_password(const char *uri)
{
    const char *at = strstr(uri, "://");
    if (at == NULL) {
        return false;
    }
    at += 3;
    const char *userinfo_end = at + strcspn(at, "@/");
    at = *userinfo_end == '@' ? userinfo_end + 1 : at;
    return memchr(at, '@', strcspn(at, "?")) != NULL;
}

const char *authp_postgresql_url_refusal(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char *error = NULL;
    const char *missing = authp_postgresql_native_load(pool);
    if (missing != NULL) {
        return missing;
    }
    if (spills_password(config->uri)) {
        return "DATABASE_URL has an @ too many, or a / before it: in user and password, special "
               "characters are written as %XX (@ is %40, / is %2F)";
    }
    return parse(config, &error, pool) != NULL ? NULL : explain(error, pool);
}

/* The value of an option, or libpq's own; "" if neither is known. */
static const char *value_of(const PQconninfoOption *option, const char *keyword)
{
    for (; option != NULL && option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0) {
            const char *value = option->val != NULL ? option->val : option->compiled;
            return value != NULL ? value : "";
        }
    }
    return "";
}

const char *authp_postgresql_url_place(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char *error = NULL;
    const PQconninfoOption *options = parse(config, &error, pool);
    const char *host = value_of(options, "host");
    const char *port = value_of(options, "port");
    bool one = *host != '\0' && strchr(host, ',') == NULL && *port != '\0';
    return apr_pstrcat(pool, "\"", value_of(options, "dbname"), "\" of postgresql at ",
                       *host != '\0' ? host : "this host", one ? ":" : "", one ? port : "",
                       config->schema != NULL ? ", schema " : "", config->schema, NULL);
}

/* key='value', with the characters escaped that libpq reads in quotation marks. */
static const char *pair(const char *key, const char *value, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(value) + 1);
    char *at = out;
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            *at++ = '\\';
        }
        *at++ = *value;
    }
    *at = '\0';
    return apr_pstrcat(pool, key, "='", out, "' ", NULL);
}

const char *authp_postgresql_url_params(const authp_store_config_t *config, apr_pool_t *pool)
{
    const struct {
        const char *key;
        const char *value;
    } defaults[] = {{"connect_timeout", CONNECT_SECONDS},
                    {"tcp_user_timeout", apr_itoa(pool, config->timeout_ms)},
                    {"fallback_application_name", "auth_platform"},
                    {"sslcert", NO_FILE},
                    {"target_session_attrs", "read-write"}};
    const char *error = NULL;
    const char *out = "";
    const PQconninfoOption *option = parse(config, &error, pool);
    for (; option != NULL && option->keyword != NULL; option++) {
        bool encoding = strcmp(option->keyword, "client_encoding") == 0;
        const char *value = encoding ? "UTF8" : option->val; /* that of our texts */
        for (size_t i = 0; value == NULL && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
            value = strcmp(option->keyword, defaults[i].key) == 0 ? defaults[i].value : NULL;
        }
        if (value != NULL) {
            out = apr_pstrcat(pool, out, pair(option->keyword, value, pool), NULL);
        }
    }
    return out;
}

bool authp_postgresql_url_sets(const authp_store_config_t *config, const char *name,
                               apr_pool_t *pool)
{
    const char *error = NULL;
    return strstr(value_of(parse(config, &error, pool), "options"), name) != NULL;
}
