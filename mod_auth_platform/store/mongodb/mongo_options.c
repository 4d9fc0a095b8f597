/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

/* Options that may have been meant by a misspelt one. The driver tells which of them it accepts.
 * For those of `special` it has no such function. */
static const char *const usual[] = {"appName",
                                    "canonicalizeHostname",
                                    "connectTimeoutMS",
                                    "directConnection",
                                    "heartbeatFrequencyMS",
                                    "journal",
                                    "loadBalanced",
                                    "localThresholdMS",
                                    "maxIdleTimeMS",
                                    "maxPoolSize",
                                    "maxStalenessSeconds",
                                    "minPoolSize",
                                    "replicaSet",
                                    "retryReads",
                                    "retryWrites",
                                    "safe",
                                    "serverSelectionTimeoutMS",
                                    "serverSelectionTryOnce",
                                    "socketCheckIntervalMS",
                                    "socketTimeoutMS",
                                    "srvMaxHosts",
                                    "srvServiceName",

                                    "tls",
                                    "tlsAllowInvalidCertificates",
                                    "tlsAllowInvalidHostnames",
                                    "tlsCAFile",
                                    "tlsCertificateKeyFile",
                                    "tlsCertificateKeyFilePassword",
                                    "tlsDisableCertificateRevocationCheck",
                                    "tlsDisableOCSPEndpointCheck",
                                    "tlsInsecure",
                                    "waitQueueMultiple",
                                    "waitQueueTimeoutMS",
                                    "wTimeoutMS",
                                    "zlibCompressionLevel"};
static const char *const special[] = {
    "authMechanism",  "authMechanismProperties", "authSource",
    "compressors",    "gssapiServiceName",       "readConcernLevel",
    "readPreference", "readPreferenceTags",      "w"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool is_known(const char *name)
{
    for (size_t i = 0; i < LENGTH(special); i++) {
        if (authp_text_same(special[i], name)) {
            return true;
        }
    }
    return mongoc_uri_option_is_int32(name) || mongoc_uri_option_is_int64(name) ||
           mongoc_uri_option_is_bool(name) || mongoc_uri_option_is_utf8(name);
}

static const char *nearest(const char *name, apr_pool_t *pool)
{
    apr_array_header_t *known = apr_array_make(pool, 48, sizeof(const char *));
    for (size_t i = 0; i < LENGTH(usual); i++) {
        if (is_known(usual[i])) {
            APR_ARRAY_PUSH(known, const char *) = usual[i];
        }
    }
    for (size_t i = 0; i < LENGTH(special); i++) {
        APR_ARRAY_PUSH(known, const char *) = special[i];
    }
    return authp_text_nearest(name, known);
}

bool authp_mongo_options_find(const char *uri, apr_array_header_t **options, apr_pool_t *pool)
{
    char *last = NULL;
    *options = apr_array_make(pool, 4, sizeof(const char *));
    const char *rest = strstr(uri, "://");
    if (rest == NULL) {
        return false;
    }
    rest += 3;
    const char *slash = strchr(rest, '/');
    const char *mark = strchr(slash != NULL ? slash : rest, '?');
    const char *text = mark != NULL ? mark + 1 : "";
    for (const char *each = apr_strtok(apr_pstrdup(pool, text), "&", &last); each != NULL;
         each = apr_strtok(NULL, "&", &last)) {
        APR_ARRAY_PUSH(*options, const char *) = each;
    }
    /* An @ after the hosts may mean that a password contains a slash or a question mark. */
    return strchr(slash != NULL ? slash : text, '@') == NULL;
}

static const char *unknown(const char *name, bool plain, apr_pool_t *pool)
{
    const char *meant = plain ? nearest(name, pool) : NULL;
    if (!plain) {
        return "has an option that the driver does not know (an @ in a password is written %40, a / "
               "%2F, a ? %3F)";
    }
    return apr_pstrcat(pool, "has an option that the driver does not know and would ignore: \"",
                       name, "\"", meant != NULL ? "; did you mean " : "",
                       meant != NULL ? meant : "", meant != NULL ? "?" : "", NULL);
}

const char *authp_mongo_options_check(const char *uri, apr_pool_t *pool)
{
    apr_array_header_t *options = NULL;
    bool plain = authp_mongo_options_find(uri, &options, pool);
    for (int i = 0; i < options->nelts; i++) {
        const char *each = APR_ARRAY_IDX(options, i, const char *);
        size_t len = strcspn(each, "=");
        const char *name = apr_pstrmemdup(pool, each, len);
        if (!is_known(name)) {
            return unknown(name, plain, pool);
        }
        /* Only readPreferenceTags may be empty. */
        if ((each[len] == '\0' || each[len + 1] == '\0') &&
            !authp_text_same(name, MONGOC_URI_READPREFERENCETAGS)) {
            return apr_pstrcat(pool, "has the option ", name, " without a value", NULL);
        }
    }
    return NULL;
}

const char *authp_mongo_options_culprit(const char *uri, apr_pool_t *pool)
{
    apr_array_header_t *options = NULL;
    if (!authp_mongo_options_find(uri, &options, pool)) {
        return NULL;
    }
    for (int i = 0; i < options->nelts; i++) {
        const char *each = APR_ARRAY_IDX(options, i, const char *);
        mongoc_uri_t *alone = mongoc_uri_new_with_error(
            apr_pstrcat(pool, "mongodb://u:p@localhost/?", each, NULL), NULL);
        if (alone == NULL) {
            return apr_pstrmemdup(pool, each, strcspn(each, "="));
        }
        mongoc_uri_destroy(alone);
    }
    return NULL;
}
