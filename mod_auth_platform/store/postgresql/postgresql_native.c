/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql/postgresql_native.h"

#include <apr_strings.h>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>

/* Each member is a function of libpq. */
static struct {
    __typeof__(&PQsetErrorVerbosity) set_error_verbosity;
    __typeof__(&PQsocket) socket;
    __typeof__(&PQconninfoParse) parse;
    __typeof__(&PQconninfoFree) free_options;
    __typeof__(&PQfreemem) free_text;
} libpq;

static bool loaded; /* all of them are there */

/* RTLD_NOLOAD: finds the libpq that the driver has loaded, and loads no other one. */
static void find_functions(void)
{
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_NOLOAD);
    const struct {
        const char *name;
        void *member;
    } wanted[] = {{"PQsetErrorVerbosity", &libpq.set_error_verbosity},
                  {"PQsocket", &libpq.socket},
                  {"PQconninfoParse", &libpq.parse},
                  {"PQconninfoFree", &libpq.free_options},
                  {"PQfreemem", &libpq.free_text}};
    bool all = library != NULL;
    for (size_t i = 0; all && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        *(void **)wanted[i].member = dlsym(library, wanted[i].name);
        all = *(void **)wanted[i].member != NULL;
    }
    loaded = all;
}

const char *authp_postgresql_native_load(apr_pool_t *pool)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const apr_dbd_driver_t *driver = NULL;
    if (apr_dbd_init(pool) != APR_SUCCESS ||
        apr_dbd_get_driver(pool, "pgsql", &driver) != APR_SUCCESS) {
        return "the driver of apr_dbd for PostgreSQL is missing (package libaprutil1-dbd-pgsql)";
    }
    (void)pthread_once(&once, find_functions);
    return loaded ? NULL : "the driver of apr_dbd for PostgreSQL does not use libpq.so.5";
}

static PGconn *connection(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    return apr_dbd_native_handle(driver, handle);
}

void authp_postgresql_native_set_up(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    if (loaded) {
        (void)libpq.set_error_verbosity(connection(driver, handle), PQERRORS_VERBOSE);
    }
}

int authp_postgresql_native_socket(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    return loaded ? libpq.socket(connection(driver, handle)) : -1;
}

bool authp_postgresql_native_is_closed(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    struct pollfd look = {.fd = authp_postgresql_native_socket(driver, handle), .events = POLLIN};
    return look.fd >= 0 && poll(&look, 1, 0) > 0;
}

static apr_status_t free_options(void *data)
{
    libpq.free_options(data);
    return APR_SUCCESS;
}

const PQconninfoOption *authp_postgresql_native_parse(const char *text, const char **error,
                                                      apr_pool_t *pool)
{
    char *message = NULL;
    *error = NULL;
    if (authp_postgresql_native_load(pool) != NULL) {
        return NULL;
    }
    PQconninfoOption *options = libpq.parse(text, &message);
    if (message != NULL) {
        *error = apr_pstrdup(pool, message);
        libpq.free_text(message);
    }
    if (options != NULL) {
        apr_pool_cleanup_register(pool, options, free_options, apr_pool_cleanup_null);
    }
    return options;
}
