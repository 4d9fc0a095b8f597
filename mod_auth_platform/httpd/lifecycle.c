/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/lifecycle.h"
#include "httpd/check_auth.h"
#include "httpd/check_hosts.h"
#include "httpd/check_mounts.h"
#include "httpd/check_roles.h"
#include "httpd/config.h"
#include "httpd/log_bridge.h"
#include "httpd/mail_mount.h"
#include "httpd/mail_task.h"
#include "httpd/maintain.h"
#include "httpd/pace.h"
#include "httpd/retained.h"
#include "httpd/usage.h"
#include "net/curl.h"
#include "service/mail/mail_texts.h"
#include "service/otp/sender_open.h"
#include "service/provider/provider_set.h"
#include "service/vault/vault.h"
#include "store/mongodb/mongo.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unixd.h>

static int on_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf, (void)plog, (void)ptemp;
    authp_runtime_set(NULL); /* some builds keep the module in memory over a reload */
    authp_mongo_counters_drop();
    return OK;
}

/* --- check_config: everything that `httpd -t` must find ------------------------------------- */

static void check_hosts(server_rec *main_server, apr_array_header_t *errors, apr_pool_t *pool)
{
    const char *first = NULL;
    for (server_rec *server = main_server; server != NULL; server = server->next) {
        const char *error = authp_config_resolve(server, pool);
        if (server == main_server) {
            first = error;
        }
        /* An error that a host inherits from the main server is reported once. */
        if (error != NULL &&
            (server == main_server || first == NULL || strcmp(error, first) != 0)) {
            APR_ARRAY_PUSH(errors, const char *) = apr_psprintf(
                pool, "%s (%s)", error, server->is_virtual ? server->defn_name : "main server");
        }
    }
}

static bool report(const apr_array_header_t *errors)
{
    for (int i = 0; i < errors->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL, "AUTHP0510: %s",
                     APR_ARRAY_IDX(errors, i, const char *));
    }
    return errors->nelts > 0;
}

/* Before the logs are open, `server` is NULL. */
static void warn(const apr_array_header_t *warnings, const server_rec *server)
{
    for (int i = 0; i < warnings->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_WARNING | (server == NULL ? APLOG_STARTUP : 0), 0, server,
                     "AUTHP0515: %s", APR_ARRAY_IDX(warnings, i, const char *));
    }
}

static int failed(const char *what)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL, "AUTHP0511: %s", what);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static authp_err_t make_realm(const authp_settings_t *settings, apr_array_header_t *errors,
                              apr_pool_t *pconf)
{
    authp_runtime_t *runtime = authp_runtime_get();
    const char *error = NULL;
    authp_err_t err =
        authp_realm_store(settings, &runtime->store_ops, &runtime->store_config, &error, pconf);
    if (err != AUTHP_OK) {
        APR_ARRAY_PUSH(errors, const char *) = error;
        return err;
    }
    authp_mail_texts_t *texts = NULL;
    err = authp_mail_texts_load(settings, &texts, errors, pconf);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_realm_make(settings, &runtime->realm, pconf);
    if (err == AUTHP_OK) {
        runtime->realm->mail_texts = texts;
        runtime->realm->mail_mount = authp_mail_mount_find(settings, runtime->server);
    }
    return err;
}

static int on_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                           server_rec *server)
{
    (void)plog;
    if (!authp_usage_any(ptemp)) {
        return OK;
    }
    authp_log_bridge_start(server);
    apr_array_header_t *errors = apr_array_make(ptemp, 4, sizeof(const char *));
    apr_array_header_t *warnings = apr_array_make(pconf, 4, sizeof(const char *));
    apr_array_header_t *wrong = NULL;
    authp_settings_t *settings = NULL;
    authp_runtime_t *runtime = apr_pcalloc(pconf, sizeof(*runtime));
    authp_runtime_set(runtime);
    runtime->server = server;
    check_hosts(server, errors, pconf);
    authp_check_auth(errors, warnings, pconf);

    authp_err_t err =
        authp_settings_load(authp_config_server(server)->env_file,
                            authp_settings_load_environment(), &settings, &wrong, pconf);
    if (err != AUTHP_OK) {
        if (wrong != NULL) {
            apr_array_cat(errors, wrong);
        }
    } else {
        authp_check_roles_narrow(settings, server, pconf);
        authp_check_roles_defaults(settings, server, errors, ptemp);
        authp_usage_check_roles(settings->roles, errors, ptemp);
        authp_check_hosts(settings, server, warnings, pconf);
        authp_check_mounts(server, warnings, pconf);
        authp_check_mounts_providers(settings, server, warnings, pconf);
        authp_check_mounts_codes(settings, server, warnings, pconf);
        authp_mail_mount_check(settings, server, warnings, pconf);
        err = make_realm(settings, errors, pconf);
    }
    runtime->warnings = warnings;
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        warn(warnings, NULL);
    }
    if (report(errors)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return err == AUTHP_OK ? OK : failed("the settings cannot be used");
}

/* --- post_config: as root, before there are children ------------------------------------------ */

/* Removes files that killed children have left. At a stop and at a full restart all children of
 * this configuration have ended, so the files are free. At a graceful restart they are still in use
 * and stay. */
static apr_status_t sweep(void *data)
{
    const authp_runtime_t *generation = data;
    if (generation->parent == getpid()) {
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, NULL);
        generation->store_ops->sweep(&generation->store_config,
                                     geteuid() == 0 ? ap_unixd_config.user_id : geteuid(), pool);
        apr_pool_destroy(pool);
    }
    return APR_SUCCESS;
}

static int on_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *server)
{
    authp_runtime_t *runtime = authp_runtime_get();
    (void)plog;
    /* A start runs this hook twice, and the first run does nothing. A reload runs it once, and that
     * run does everything, also if the reload is the first with this module. */
    if (runtime == NULL || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    if (authp_realm_selftest(runtime->realm, ptemp) != AUTHP_OK) {
        return failed("the self-test of token verification failed");
    }
    warn(runtime->warnings, server);
    bool root = geteuid() == 0;
    if (runtime->store_ops->prepare(
            &runtime->store_config, root ? ap_unixd_config.user_id : (uid_t)-1,
            root ? ap_unixd_config.group_id : (gid_t)-1, ptemp) != AUTHP_OK) {
        return failed("the store cannot be prepared");
    }
    if (runtime->store_ops->sweep != NULL) {
        runtime->parent = getpid();
        apr_pool_cleanup_register(pconf, runtime, sweep, apr_pool_cleanup_null);
    }
    const char *missing = authp_retained_find(runtime, authp_config_server(server), pconf);
    if (missing != NULL) {
        return failed(missing);
    }
    if (authp_config_documents(server, runtime->realm->settings, pconf) != AUTHP_OK) {
        return failed("the OpenAPI document cannot be made");
    }
    return OK;
}

/* --- in each child, as httpd's User --------------------------------------------------------- */

/* Makes a pool in which threads may make subpools at any time. It has an allocator of its own,
 * because the allocator of pchild has no mutex. */
static apr_pool_t *make_pool(apr_pool_t *pchild)
{
    authp_runtime_t *runtime = authp_runtime_get();
    apr_allocator_t *allocator = NULL;
    apr_thread_mutex_t *mutex = NULL;
    apr_pool_t *pool = NULL;
    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return NULL;
    }
    if (apr_pool_create_ex(&pool, pchild, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_mutex_create(&runtime->lock, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        return NULL;
    }
    apr_allocator_mutex_set(allocator, mutex);
    apr_pool_tag(pool, "auth_platform");
    return pool;
}

static bool open_all(authp_runtime_t *runtime)
{
    authp_realm_t *realm = runtime->realm;
    apr_pool_t *pool = NULL;
    if (realm->hasher == NULL &&
        authp_hasher_make(runtime->bound, realm->random, authp_gate_strangers_most(&runtime->gate),
                          &realm->hasher, runtime->pool) != AUTHP_OK) {
        return false;
    }
    if (realm->vault == NULL && authp_vault_make(realm->settings, authp_clock_monotonic(),
                                                 &realm->vault, runtime->pool) != AUTHP_OK) {
        return false;
    }
    /* A failed attempt destroys this pool, so that attempts during hours use no memory. */
    if (apr_pool_create(&pool, runtime->pool) != APR_SUCCESS) {
        return false;
    }
    runtime->store_config.ending = &runtime->mail_cancel;
    if (authp_store_open(runtime->store_ops, &runtime->store_config, &realm->store, pool) !=
        AUTHP_OK) {
        apr_pool_destroy(pool);
        return false;
    }
    return true;
}

bool authp_lifecycle_ready(void)
{
    authp_runtime_t *runtime = authp_runtime_get();
    if (atomic_load_explicit(&runtime->ready, memory_order_acquire)) {
        return true;
    }
    if (runtime->pool == NULL || apr_thread_mutex_trylock(runtime->lock) != APR_SUCCESS) {
        return false;
    }
    bool ready = open_all(runtime);
    if (ready) {
        authp_live_open(runtime->realm->live);
        atomic_store_explicit(&runtime->ready, true, memory_order_release);
    }
    (void)apr_thread_mutex_unlock(runtime->lock);
    return ready;
}

/* Makes realm->providers. If that fails, routes that name a provider answer 404 in this child. */
static void open_providers(authp_runtime_t *runtime, authp_places_t *places, server_rec *server)
{
    const authp_settings_t *settings = runtime->realm->settings;
    authp_fetcher_t *fetcher = NULL;
    if (settings->providers->nelts == 0) {
        return;
    }
    if (authp_curl_make(settings->oidc_ca_file, authp_places_most(places), &fetcher,
                        runtime->pool) != AUTHP_OK) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "AUTHP0516: this child cannot reach identity providers");
        return;
    }
    runtime->realm->providers =
        authp_provider_set_make(settings, fetcher, places, authp_clock_monotonic(), runtime->pool);
}

authp_places_t *authp_lifecycle_places(const authp_runtime_t *runtime)
{
    const authp_settings_t *settings = runtime->realm->settings;
    const int most = runtime->gate.limit > 1 ? runtime->gate.limit / 2 : 1;
    const int servers =
        settings->providers->nelts + (settings->otp_provider == AUTHP_OTP_BY_MSG91 ? 1 : 0);
    return authp_places_make(most, servers, authp_clock_monotonic(), runtime->pool);
}

/* Opens what contacts other servers. */
static void open_others(authp_runtime_t *runtime, server_rec *server)
{
    const authp_settings_t *settings = runtime->realm->settings;
    authp_places_t *places = authp_lifecycle_places(runtime);
    open_providers(runtime, places, server);
    if (authp_sender_open(settings, places, &runtime->realm->otp, runtime->pool) != AUTHP_OK) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "AUTHP0517: this child cannot send one-time codes");
    }
}

static void on_child_init(apr_pool_t *pchild, server_rec *server)
{
    authp_runtime_t *runtime = authp_runtime_get();
    int threads = 0;
    if (runtime == NULL) {
        return;
    }
    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS) {
        threads = 1;
    }
    authp_gate_size(&runtime->gate, threads, runtime->crowd);
    runtime->store_config.max_connections = runtime->gate.limit;
    runtime->pool = make_pool(pchild);
    authp_maintain_child(runtime, pchild);
    if (runtime->pool == NULL ||
        authp_live_make(runtime->live_table, runtime->gate.limit, &runtime->realm->live,
                        runtime->pool) != AUTHP_OK) {
        /* Without the live table nothing could be guarded. So the child ends and serves nothing. */
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, server, "AUTHP0513: this child cannot start");
        exit(APEXIT_CHILDFATAL);
    }
    if (authp_realm_remember(runtime->realm, authp_config_token_cache(server), runtime->pool) !=
        AUTHP_OK) {
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, server,
            "AUTHP0514: no memory for AuthPlatformTokenCache; every token is verified anew");
    }
    runtime->pacer = authp_pace_make(threads, runtime->pool);
    open_others(runtime, server);
    authp_mail_task_child(runtime, pchild, server);
    if (!authp_lifecycle_ready()) {
        /* The child starts all the same. Account routes answer 503, and each request to one tries
         * again to open the store and the hasher. */
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "AUTHP0512: the store or the hasher cannot be opened; account routes answer "
                     "503 until it can");
    }
}

void authp_lifecycle_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_pre_config(on_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(on_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(on_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(on_child_init, NULL, NULL, APR_HOOK_MIDDLE);
}
