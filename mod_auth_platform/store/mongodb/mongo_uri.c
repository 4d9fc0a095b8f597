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

/* Sets what the URI does not set of the write concern. With writes acknowledged by a majority, what
 * was answered with success survives a fail-over. A URI with journal or wtimeoutMS alone says
 * nothing about the majority. wtimeoutMS only matters to writes that wait for other members than
 * the primary. False if the URI asks for unacknowledged writes. */
static bool concern(mongoc_uri_t *uri, int timeout_ms)
{
    const mongoc_write_concern_t *given = mongoc_uri_get_write_concern(uri);
    if (given != NULL && !mongoc_write_concern_is_acknowledged(given)) {
        return false;
    }
    mongoc_write_concern_t *all =
        given != NULL ? mongoc_write_concern_copy(given) : mongoc_write_concern_new();
    if (mongoc_write_concern_get_w(all) == MONGOC_WRITE_CONCERN_W_DEFAULT) {
        mongoc_write_concern_set_w(all, MONGOC_WRITE_CONCERN_W_MAJORITY);
    }
    if (mongoc_write_concern_get_w(all) != 1 && mongoc_write_concern_get_wtimeout_int64(all) == 0) {
        mongoc_write_concern_set_wtimeout_int64(all, timeout_ms / 2);
    }
    mongoc_uri_set_write_concern(uri, all);
    mongoc_write_concern_destroy(all);
    return true;
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
    if (!concern(uri, config->timeout_ms)) {
        mongoc_uri_destroy(uri);
        *error = "must not ask for unacknowledged writes (w=0): who wins a race would be unknown";
        return NULL;
    }
    /* One client more, which the driver's pool uses when it is destroyed. */
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, config->max_connections + 1);
    if (mongoc_uri_has_option(uri, MONGOC_URI_MINPOOLSIZE)) {
        /* The driver warns of the option if it is there. With another value than 0 the driver
         * closes clients that are given back. */
        mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MINPOOLSIZE, 0);
    }
    return uri;
}
