/* SPDX-License-Identifier: Apache-2.0 */
/* A start, a reload and a child: which functions of the store are called and when, what a child
 * gets from the configuration and the MPM, and what it does if the store cannot be opened at first.
 */
#include "httpd_fake_io.h"
#include "httpd_fake_start.h"
#include "suite.h"

#include "base/log.h"
#include "httpd/lifecycle.h"
#include "support/child.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <unixd.h>

#define THREADS 32
#define PLACES (THREADS / 4) /* of the gate */

static authp_store_ops_t ops;
static apr_pool_t *pconf; /* of one generation */
static apr_pool_t *pchild;
static struct {
    int prepared;
    int swept;
    int opened;
    int open_fails; /* how many times open() fails */
    uid_t uid;
    gid_t gid;
    uid_t swept_uid;
    authp_store_config_t config; /* the configuration that open() got */
    apr_pool_t *pool;            /* the pool that open() got */
    int asked;                   /* questions about sessions */
    int closed;                  /* how many pools of an open() were destroyed */
    authp_err_t prepare_err;
} seen;

static authp_err_t prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool)
{
    (void)pool;
    ck_assert_str_eq(config->file, "/db");
    seen.prepared++;
    seen.uid = uid;
    seen.gid = gid;
    return seen.prepare_err;
}

static void sweep(const authp_store_config_t *config, uid_t uid, apr_pool_t *pool)
{
    ck_assert_str_eq(config->file, "/db");
    ck_assert_ptr_nonnull(pool);
    seen.swept++;
    seen.swept_uid = uid;
}

static apr_status_t note_closed(void *data)
{
    (void)data;
    seen.closed++;
    return APR_SUCCESS;
}

static authp_err_t open_store(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    seen.opened++;
    seen.config = *config;
    seen.pool = pool;
    *self = &seen;
    apr_pool_cleanup_register(pool, NULL, note_closed, apr_pool_cleanup_null);
    return seen.opened <= seen.open_fails ? AUTHP_E_INTERNAL : AUTHP_OK;
}

static authp_err_t no_session(void *self, const char *sid, authp_session_t **out, apr_pool_t *pool)
{
    (void)sid, (void)out, (void)pool;
    ck_assert_ptr_eq(self, &seen);
    seen.asked++;
    return AUTHP_E_NOT_FOUND;
}

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    httpd_fake_say((int)level, message);
}

/* Sets the state that check_config leaves for a correct configuration. */
static void configure(void)
{
    memset(&fake.runtime, 0, sizeof(fake.runtime));
    fake.runtime.realm = fake.f.realm;
    fake.runtime.store_ops = &ops;
    fake.runtime.store_config = (authp_store_config_t){.file = "/db", .max_connections = 1};
    fake.runtime.server = &fake.main;
    fake.runtime.warnings = apr_array_make(pconf, 2, sizeof(const char *));
    fake.f.realm->store = NULL;
    fake.f.realm->hasher = NULL;
    fake.f.realm->live = NULL;
    authp_runtime_set(&fake.runtime);
}

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    fake_start_open();
    memset(&seen, 0, sizeof(seen));
    ops = *fake.f.store->ops;
    ops.prepare = prepare;
    ops.sweep = sweep;
    ops.open = open_store;
    ops.session_by_id = no_session;
    fake_io.mpm[AP_MPMQ_MAX_DAEMONS] = 2;
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = THREADS;
    ck_assert_int_eq(apr_pool_create(&pconf, NULL), APR_SUCCESS);
    ck_assert_int_eq(apr_pool_create(&pchild, NULL), APR_SUCCESS);
    authp_config_server(&fake.main)->live_entries = 1024;
    authp_lifecycle_register(fake.f.pool);
    configure();
    authp_log_set_sink(keep, NULL);
    ap_unixd_config.user_id = 1234;
    ap_unixd_config.group_id = 2345;
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pchild);
    apr_pool_destroy(pconf);
    httpd_fake_close();
}

static int post_config(void)
{
    return fake_start.post_config(pconf, pconf, fake.f.pool, &fake.main);
}

static void begin_child(void)
{
    ck_assert_int_eq(post_config(), OK);
    fake_start.child_init(pchild, &fake.main);
}

/* If the module stays loaded over a reload, pre_config removes the state of the old generation. */
START_TEST(the_generation_before_is_forgotten)
{
    ck_assert_ptr_nonnull(authp_runtime_get());
    ck_assert_int_eq(fake_start.pre_config(pconf, pconf, pconf), OK);
    ck_assert_ptr_null(authp_runtime_get());
    /* If the configuration does not use the module, no hook does anything. */
    ck_assert_int_eq(fake_start.check_config(pconf, pconf, pconf, &fake.main), OK);
    ck_assert_ptr_null(authp_runtime_get());
    begin_child();
    ck_assert_int_eq(seen.prepared + seen.opened, 0);
    ck_assert_str_eq(fake.said, "");
}
END_TEST

/* --- post_config --------------------------------------------------------------------------------
 */

/* Root gives the files to httpd's User. Any other user leaves their owner as it is. */
START_TEST(the_first_pass_does_nothing)
{
    bool root = geteuid() == 0;
    fake_start.main_state = AP_SQ_MS_CREATE_PRE_CONFIG;
    ck_assert_int_eq(post_config(), OK);
    ck_assert_int_eq(seen.prepared, 0);
    ck_assert_ptr_null(fake.runtime.bound);
    fake_start.main_state = AP_SQ_MS_CREATE_CONFIG;
    ck_assert_int_eq(post_config(), OK);
    ck_assert_int_eq(seen.prepared, 1);
    ck_assert_int_eq(seen.uid, root ? 1234 : (uid_t)-1);
    ck_assert_int_eq(seen.gid, root ? 2345 : (gid_t)-1);
    ck_assert_ptr_nonnull(fake.runtime.bound);
    ck_assert_ptr_nonnull(fake.runtime.crowd);
    ck_assert_ptr_nonnull(fake.runtime.live_table);
    ck_assert_ptr_nonnull(fake.runtime.store_config.told);
    ck_assert_int_eq(seen.opened, 0); /* only children open the store */
    const apr_array_header_t *served = authp_config_server(&fake.main)->served;
    ck_assert_ptr_nonnull(APR_ARRAY_IDX(served, 0, const authp_mount_t).documents);
}
END_TEST

/* Each start logs the warnings of check_config, because the error log is open only then. */
START_TEST(warnings_are_said)
{
    APR_ARRAY_PUSH(fake.runtime.warnings, const char *) = "beware";
    APR_ARRAY_PUSH(fake.runtime.warnings, const char *) = "of the dog";
    fake_start.main_state = AP_SQ_MS_CREATE_PRE_CONFIG;
    ck_assert_int_eq(post_config(), OK);
    ck_assert_str_eq(fake.said, "");
    fake_start.main_state = AP_SQ_MS_CREATE_CONFIG;
    ck_assert_int_eq(post_config(), OK);
    ck_assert_str_eq(fake.said,
                     apr_psprintf(fake.f.pool, "%d AUTHP0515: beware\n%d AUTHP0515: of the dog\n",
                                  APLOG_WARNING, APLOG_WARNING));
}
END_TEST

START_TEST(a_store_that_cannot_be_prepared)
{
    seen.prepare_err = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(post_config(), HTTP_INTERNAL_SERVER_ERROR);
    ck_assert_int_eq(httpd_fake_told("AUTHP0511: the store cannot be prepared"), 1);
    apr_pool_clear(pconf);
    ck_assert_int_eq(seen.swept, 0);
}
END_TEST

static void end_generation(void)
{
    apr_pool_clear(pconf);
    if (seen.swept != 0) {
        _exit(1);
    }
}

/* The parent sweeps once at the end of each generation. Its children do not. */
START_TEST(who_sweeps)
{
    for (int i = 1; i <= 2; i++) {
        ck_assert_int_eq(post_config(), OK);
        seen.swept = 0;
        child_finish(child_start(end_generation));
        apr_pool_clear(pconf);
        ck_assert_int_eq(seen.swept, 1);
        ck_assert_int_eq(seen.swept_uid, geteuid() == 0 ? 1234 : geteuid());
        configure();
    }
    ops.sweep = NULL;
    ck_assert_int_eq(post_config(), OK);
    apr_pool_clear(pconf);
    ck_assert_int_eq(seen.swept, 1);
}
END_TEST

/* --- children -----------------------------------------------------------------------------------
 */

/* threads of the MPM (-1: it does not know), the places of the gate */
static const int sizes[][2] = {{THREADS, PLACES}, {64, 16}, {25, 6}, {1, 1}, {0, 1}, {-1, 1}};

/* The store may open one connection for each request that may use it. */
START_TEST(what_a_child_gets)
{
    authp_gate_t gate = {.limit = 0};
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = sizes[_i][0];
    begin_child();
    authp_gate_size(&gate, sizes[_i][0] >= 0 ? sizes[_i][0] : 1, fake.runtime.crowd);
    ck_assert_int_eq(fake.runtime.gate.limit, gate.limit);
    ck_assert_int_eq(fake.runtime.gate.burst, gate.burst);
    ck_assert_int_eq(fake.runtime.gate.limit, sizes[_i][1]);
    ck_assert_ptr_eq(fake.runtime.gate.crowd, fake.runtime.crowd);
    ck_assert_int_eq(seen.opened, 1);
    ck_assert_int_eq(seen.config.max_connections, sizes[_i][1]);
    ck_assert_str_eq(seen.config.file, "/db");
    ck_assert_ptr_eq(seen.config.told, fake.runtime.store_config.told);
    ck_assert_ptr_nonnull(fake.runtime.pacer);
    ck_assert_ptr_nonnull(fake.f.realm->live);
    ck_assert_ptr_nonnull(fake.f.realm->hasher);
    ck_assert_ptr_nonnull(fake.f.realm->store);
    ck_assert_ptr_eq(fake.f.realm->store->ops, &ops);
    ck_assert(authp_lifecycle_ready());
    ck_assert_int_eq(seen.opened, 1);
    ck_assert_int_eq(httpd_fake_told("AUTHP"), 0);
}
END_TEST

/* The objects of a child are destroyed with its pool, in which threads may make pools. */
START_TEST(a_child_ends)
{
    begin_child();
    apr_allocator_t *allocator = apr_pool_allocator_get(fake.runtime.pool);
    ck_assert_ptr_eq(apr_allocator_owner_get(allocator), fake.runtime.pool);
    ck_assert_ptr_nonnull(apr_allocator_mutex_get(allocator));
    ck_assert(apr_pool_is_ancestor(pchild, seen.pool));
    ck_assert_int_eq(seen.closed, 0);
    apr_pool_clear(pchild);
    ck_assert_int_eq(seen.closed, 1);
    ck_assert(fake.runtime.closing);
}
END_TEST

/* AuthPlatformTokenCache. */
START_TEST(the_cache_of_tokens)
{
    authp_config_server(&fake.main)->token_cache = _i == 0 ? 0 : 64;
    begin_child();
    ck_assert_int_eq(fake.f.realm->token_cache != NULL, _i != 0);
}
END_TEST

/* A child without a store answers, and each account request tries to open the store again. Objects
 * of a failed try are destroyed. */
START_TEST(a_store_that_opens_later)
{
    seen.open_fails = 3;
    begin_child();
    ck_assert_int_eq(httpd_fake_told(apr_psprintf(fake.f.pool, "%d AUTHP0512", APLOG_ERR)), 1);
    ck_assert_ptr_nonnull(fake.f.realm->live);
    authp_hasher_t *hasher = fake.f.realm->hasher;
    ck_assert_ptr_nonnull(hasher);
    for (int i = 2; i <= 3; i++) {
        ck_assert(!authp_lifecycle_ready());
        ck_assert_int_eq(seen.opened, i);
        ck_assert_int_eq(seen.closed, i);
        ck_assert(!atomic_load(&fake.runtime.ready));
        ck_assert_ptr_null(fake.f.realm->store);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert(authp_lifecycle_ready());
    }
    ck_assert_int_eq(seen.opened, 4);
    ck_assert_int_eq(seen.closed, 3);
    ck_assert_ptr_eq(fake.f.realm->hasher, hasher); /* it is not made again at each try */
    ck_assert_int_eq(httpd_fake_told("AUTHP"), 1);
}
END_TEST

/* A guarded page asks the store if the live table has no answer. It can do so once the store is
 * open, also if that is later than the child's start. */
START_TEST(guards_ask_the_store)
{
    authp_principal_t who = {.user_id = "fedcba987654321001234567",
                             .session_id = "0123456789abcdef01234567"};
    seen.open_fails = _i;
    begin_child();
    if (_i > 0) {
        ck_assert_int_eq(authp_live_guard(fake.f.realm, &who, AUTHP_UNAVAILABLE_DENY, fake.f.pool),
                         AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(seen.asked, 0);
        ck_assert(authp_lifecycle_ready());
    }
    ck_assert_int_eq(authp_live_guard(fake.f.realm, &who, AUTHP_UNAVAILABLE_DENY, fake.f.pool),
                     AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_ge(seen.asked, 1);
}
END_TEST

static atomic_bool second_is_ready;

static void *ask(void *data)
{
    (void)data;
    atomic_store(&second_is_ready, authp_lifecycle_ready());
    return NULL;
}

/* While one thread tries to open the store, other threads neither wait nor try. */
START_TEST(one_tries_at_a_time)
{
    pthread_t thread;
    seen.open_fails = 1;
    begin_child();
    atomic_store(&second_is_ready, true);
    ck_assert_int_eq(apr_thread_mutex_lock(fake.runtime.lock), APR_SUCCESS);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(!atomic_load(&second_is_ready));
    ck_assert_int_eq(seen.opened, 1);
    ck_assert_int_eq(apr_thread_mutex_unlock(fake.runtime.lock), APR_SUCCESS);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(atomic_load(&second_is_ready));
    ck_assert_int_eq(seen.opened, 2);
}
END_TEST

/* Before child_init there is no pool for a try. */
START_TEST(no_child_yet)
{
    ck_assert(!authp_lifecycle_ready());
    ck_assert_int_eq(seen.opened, 0);
}
END_TEST

Suite *suite_httpd_lifecycle(void)
{
    Suite *suite = suite_create("httpd_lifecycle");
    TCase *tests = tcase_create("httpd_lifecycle");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_generation_before_is_forgotten);
    tcase_add_test(tests, the_first_pass_does_nothing);
    tcase_add_test(tests, warnings_are_said);
    tcase_add_test(tests, a_store_that_cannot_be_prepared);
    tcase_add_test(tests, who_sweeps);
    tcase_add_loop_test(tests, what_a_child_gets, 0, (int)(sizeof(sizes) / sizeof(sizes[0])));
    tcase_add_test(tests, a_child_ends);
    tcase_add_loop_test(tests, the_cache_of_tokens, 0, 2);
    tcase_add_test(tests, a_store_that_opens_later);
    tcase_add_loop_test(tests, guards_ask_the_store, 0, 2);
    tcase_add_test(tests, one_tries_at_a_time);
    tcase_add_test(tests, no_child_yet);
    suite_add_tcase(suite, tests);
    return suite;
}
