/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>

/* Turns the driver's retries off, unless the URI asks for them. A retry would double the time of an
 * operation, and clients get Retry-After instead. Returns the number of tries. */
static int limit_tries(mongoc_uri_t *uri)
{
    static const char *const options[] = {MONGOC_URI_RETRYREADS, MONGOC_URI_RETRYWRITES};
    int tries = 1;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (!mongoc_uri_has_option(uri, options[i])) {
            mongoc_uri_set_option_as_bool(uri, options[i], false);
        } else if (mongoc_uri_get_option_as_bool(uri, options[i], false)) {
            tries = 2;
        }
    }
    return tries;
}

/* Sets a time-out that the URI does not set. The driver's own time-outs are meant for batch jobs
 * (30 s, 10 s, five minutes). With ours an operation that fails takes at most 0.35 + 0.6 of the
 * whole time-out, even if it has to connect first. */
static void bound(mongoc_uri_t *uri, const char *option, int ms)
{
    if (!mongoc_uri_has_option(uri, option)) {
        mongoc_uri_set_option_as_int32(uri, option, ms);
    }
}

mongoc_uri_t *authp_mongo_uri(const authp_store_config_t *config, const char **error,
                              apr_pool_t *pool)
{
    *error = authp_mongo_options_check(config->uri, pool);
    if (*error != NULL) {
        return NULL;
    }
    mongoc_uri_t *uri = mongoc_uri_new_with_error(config->uri, NULL);
    const char *culprit = uri == NULL ? authp_mongo_options_culprit(config->uri, pool) : NULL;
    if (culprit != NULL) {
        *error = apr_pstrcat(pool, "has a value that the driver does not take for the option ",
                             culprit, NULL);
        return NULL;
    }
    if (uri == NULL) {
        /* The driver's message may contain a part of the URI, and so of the password. */
        *error = "is no valid MongoDB connection string (%-escape reserved characters in user and "
                 "password)";
        return NULL;
    }
    int once = config->timeout_ms / limit_tries(uri);
    bound(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, once * 35 / 100);
    bound(uri, MONGOC_URI_CONNECTTIMEOUTMS, once * 35 / 100);
    bound(uri, MONGOC_URI_SOCKETTIMEOUTMS, once * 60 / 100);
    if (mongoc_uri_get_appname(uri) == NULL) {
        mongoc_uri_set_appname(uri, "mod_auth_platform");
    }
    /* With writes acknowledged by a majority, what was answered with success survives a fail-over.
     */
    const mongoc_write_concern_t *given = mongoc_uri_get_write_concern(uri);
    if (given == NULL || mongoc_write_concern_is_default(given)) {
        mongoc_write_concern_t *majority = mongoc_write_concern_new();
        mongoc_write_concern_set_wmajority(majority, config->timeout_ms / 2);
        mongoc_uri_set_write_concern(uri, majority);
        mongoc_write_concern_destroy(majority);
    } else if (!mongoc_write_concern_is_acknowledged(given)) {
        mongoc_uri_destroy(uri);
        *error = "must not ask for unacknowledged writes (w=0): who wins a race would be unknown";
        return NULL;
    }
    /* One client more, which the driver's pool uses when it is destroyed. */
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, config->max_connections + 1);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MINPOOLSIZE, 0);
    return uri;
}
