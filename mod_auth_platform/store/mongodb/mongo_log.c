/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/text.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

typedef struct parsing_t {
    bool plain;                  /* true: `secrets` has all secrets of the URI */
    apr_array_header_t *secrets; /* const char * */
} parsing_t;

static parsing_t parsing; /* the URI that is being parsed; only one thread parses at a time */

/* Handles the driver's lines while a store is open. The driver's own handler would write to
 * standard error. */
static void log_line(mongoc_log_level_t level, const char *domain, const char *message, void *ctx)
{
    (void)ctx;
    if (level <= MONGOC_LOG_LEVEL_WARNING) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0236", "%s: %s", domain, message);
    }
}

static void log_parsing(mongoc_log_level_t level, const char *domain, const char *message,
                        void *ctx)
{
    bool fine = parsing.plain;
    (void)domain, (void)ctx;
    if (level > MONGOC_LOG_LEVEL_WARNING) {
        return;
    }
    for (int i = 0; fine && i < parsing.secrets->nelts; i++) {
        fine = strstr(message, APR_ARRAY_IDX(parsing.secrets, i, const char *)) == NULL;
    }
    authp_log(AUTHP_LOG_WARNING, "AUTHP0238", "MONGODB_URI: %s",
              fine ? message
                   : "the driver's warning is not shown, because it may hold a part of a secret");
}

/* Adds the text as it is written in the URI, and its decoded form if that differs. */
static void add_secret(const char *text, apr_pool_t *pool)
{
    const char *decoded = authp_text_url_decode(text, false, pool);
    if (*text != '\0') {
        APR_ARRAY_PUSH(parsing.secrets, const char *) = text;
    }
    if (decoded != NULL && *decoded != '\0' && strcmp(decoded, text) != 0) {
        APR_ARRAY_PUSH(parsing.secrets, const char *) = decoded;
    }
}

static void collect(const char *uri, apr_pool_t *pool)
{
    apr_array_header_t *options = NULL;
    parsing.secrets = apr_array_make(pool, 4, sizeof(const char *));
    parsing.plain = authp_mongo_options_find(uri, &options, pool);
    if (!parsing.plain) {
        return;
    }
    const char *user = strstr(uri, "://") + 3;
    const char *hosts = apr_pstrmemdup(pool, user, strcspn(user, "/"));
    const char *at = strrchr(hosts, '@');
    const char *colon = strchr(hosts, ':');
    if (at != NULL && colon != NULL && colon < at) {
        add_secret(apr_pstrmemdup(pool, colon + 1, (apr_size_t)(at - colon - 1)), pool);
    }
    for (int i = 0; i < options->nelts; i++) {
        const char *each = APR_ARRAY_IDX(options, i, const char *);
        size_t len = strcspn(each, "=");
        const char *name = apr_pstrmemdup(pool, each, len);
        if (each[len] == '=' && (authp_text_same(name, "tlsCertificateKeyFilePassword") ||
                                 authp_text_same(name, "sslClientCertificateKeyPassword") ||
                                 authp_text_same(name, "authMechanismProperties"))) {
            add_secret(each + len + 1, pool);
        }
    }
}

void authp_mongo_log_parse(const char *uri, apr_pool_t *pool)
{
    collect(uri, pool);
    mongoc_log_set_handler(log_parsing, NULL);
}

void authp_mongo_log_parsed(void)
{
    mongoc_log_set_handler(mongoc_log_default_handler, NULL);
    parsing = (parsing_t){0};
}

void authp_mongo_log_silent(void)
{
    mongoc_log_set_handler(NULL, NULL);
}

void authp_mongo_log_open(void)
{
    mongoc_log_set_handler(log_line, NULL);
}
