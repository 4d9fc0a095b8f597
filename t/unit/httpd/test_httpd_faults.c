/* SPDX-License-Identifier: Apache-2.0 */
/* What a start and a child do if the system or the configuration refuses something: which of them
 * ends, with which status, what is logged, and what works all the same. */
#include "faults.h"
#include "httpd_fake_io.h"
#include "httpd_fake_start.h"
#include "suite.h"

#include "base/log.h"
#include "crypto/jwt/jwt_impl.h"
#include "httpd/lifecycle.h"
#include "httpd/pace.h"
#include "service/mail/mail_desk.h"
#include "service/settings/mail_url.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CACHE_KB 64

static authp_store_ops_t ops;
static int prepared;
static authp_store_config_t opened;
static apr_pool_t *pconf;
static apr_pool_t *pchild;

static authp_err_t prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool)
{
    (void)config, (void)uid, (void)gid, (void)pool;
    prepared++;
    return AUTHP_OK;
}

static authp_err_t open_store(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    (void)pool;
    opened = *config;
    *self = &ops;
    return AUTHP_OK;
}

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    fake_start_open();
    faults_open();
    prepared = 0;
    ops = *fake.f.store->ops;
    ops.prepare = prepare;
    ops.sweep = NULL;
    ops.open = open_store;
    fake_io.mpm[AP_MPMQ_MAX_DAEMONS] = 2;
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = 32;
    ck_assert_int_eq(apr_pool_create(&pconf, NULL), APR_SUCCESS);
    ck_assert_int_eq(apr_pool_create(&pchild, NULL), APR_SUCCESS);
    authp_config_server(&fake.main)->live_entries = 1024;
    authp_config_server(&fake.main)->token_cache = CACHE_KB;
    authp_lifecycle_register(fake.f.pool);
    fake.runtime.store_ops = &ops;
    fake.runtime.store_config = (authp_store_config_t){.file = "/db", .max_connections = 1};
    fake.runtime.server = &fake.main;
    fake.runtime.warnings = apr_array_make(pconf, 2, sizeof(const char *));
    fake.f.realm->store = NULL;
    fake.f.realm->hasher = NULL;
    fake.f.realm->live = NULL;
}

static void tear_down(void)
{
    faults_open();
    apr_pool_destroy(pchild);
    apr_pool_destroy(pconf);
    httpd_fake_close();
}

static int post_config(void)
{
    return fake_start.post_config(pconf, pconf, fake.f.pool, &fake.main);
}

/* How many times a line with that level was logged. */
static int told(int level, const char *line)
{
    return httpd_fake_told(apr_psprintf(fake.f.pool, "%d %s", level, line));
}

/* --- a start ---------------------------------------------------------------------------------- */

/* The memory that outlives a reload, in the order in which a start makes it. */
static const char *const memories[] = {"the password hashing bound",
                                       "bursts of sign-ins",
                                       "the live table",
                                       "what the store's log lines share",
                                       "what the senders of mails share",
                                       "the limits on attempts"};
#define MEMORIES ((int)(sizeof(memories) / sizeof(memories[0])))

static void use_all_memory(void)
{
    fake.f.settings->mail_url = "smtp://127.0.0.1:25";
    fake.f.settings->limits = true;
}

/* No memory: httpd does not start, and says what it is for. The next start has what was made. */
START_TEST(a_start_without_memory)
{
    use_all_memory();
    for (int i = 0; i < MEMORIES; i++) {
        fake.said[0] = '\0';
        faults.mmap_at = 1; /* those before are there already */
        ck_assert_int_eq(post_config(), HTTP_INTERNAL_SERVER_ERROR);
        ck_assert_int_eq(atomic_load(&faults.mmap_at), 0);
        ck_assert_int_eq(
            told(APLOG_ERR,
                 apr_psprintf(fake.f.pool, "AUTHP0511: no shared memory for %s\n", memories[i])),
            1);
        faults.mmap_at = 2;
        ck_assert_int_eq(post_config(),
                         i + 1 < MEMORIES ? HTTP_INTERNAL_SERVER_ERROR : OK); /* one more is made */
        faults.mmap_at = 0;
    }
}
END_TEST

/* Keys that verify no token: httpd does not start, and the store is not touched. */
START_TEST(a_start_without_tokens)
{
    authp_jwt_t *jwt = (authp_jwt_t *)(uintptr_t)fake.f.realm->jwt;
    int keys = jwt->nkeys;
    jwt->nkeys = 0;
    ck_assert_int_eq(post_config(), HTTP_INTERNAL_SERVER_ERROR);
    ck_assert_int_eq(told(APLOG_ERR, "AUTHP0511: the self-test of token verification failed\n"), 1);
    ck_assert_int_eq(prepared, 0);
    jwt->nkeys = keys;
    ck_assert_int_eq(post_config(), OK);
    ck_assert_int_eq(prepared, 1);
}
END_TEST

/* Each kind of memory is in a place of its own, and stays there over a reload. The key of a place
 * has the number of the layout. The version that is loaded next finds the memory by it. */
START_TEST(each_has_its_place)
{
    static const char *const keys[MEMORIES] = {"hasher-bound/5", "crowd/2",     "live-table/1",
                                               "store-told/1",   "mail-desk/1", "limits/1"};
    const void *before[MEMORIES] = {NULL};
    use_all_memory();
    for (int start = 0; start < 2; start++) {
        ck_assert_int_eq(post_config(), OK);
        const void *const places[] = {fake.runtime.bound, fake.runtime.crowd,
                                      fake.runtime.store_config.told, fake.f.realm->mail_desk};
        for (int i = 0; i < (int)(sizeof(places) / sizeof(places[0])); i++) {
            ck_assert_ptr_nonnull(places[i]);
            for (int other = 0; other < i; other++) {
                ck_assert_ptr_ne(places[i], places[other]);
            }
            ck_assert(start == 0 || places[i] == before[i]);
            before[i] = places[i];
        }
        fake.f.realm->mail_desk = NULL;
    }
    for (int i = 0; i < MEMORIES; i++) {
        void *const *kept =
            ap_retained_data_get(apr_pstrcat(fake.f.pool, "auth_platform/", keys[i], NULL));
        ck_assert_msg(kept != NULL && *kept != NULL, "%s", keys[i]);
    }
    /* Without mails the senders of mails share nothing. */
    fake.f.settings->mail_url = NULL;
    ck_assert_int_eq(post_config(), OK);
    ck_assert_ptr_null(fake.f.realm->mail_desk);
}
END_TEST

/* The driver of MongoDB makes shared memory in the parent, which nobody reads. */
START_TEST(a_start_tidies_up)
{
    const char *name = apr_psprintf(fake.f.pool, "/mongoc-%ld", (long)getpid());
    int fd = shm_open(name, O_CREAT | O_RDWR, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(fake_start.pre_config(pconf, pconf, pconf), OK);
    ck_assert_int_lt(shm_open(name, O_RDWR, 0600), 0);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* --- a child ---------------------------------------------------------------------------------- */

static void begin_child(void)
{
    fake_start.child_init(pchild, &fake.main);
}

/* The store hears that the child ends, data keys can be used in each child, and a quarter of the
 * threads may wait before a refusal. */
START_TEST(what_a_child_has)
{
    memset(&opened, 0, sizeof(opened));
    ck_assert_int_eq(post_config(), OK);
    begin_child();
    ck_assert_ptr_eq(opened.ending, &fake.runtime.mail_cancel);
    ck_assert_ptr_nonnull(fake.f.realm->vault);
    faults.awake = true;
    ck_assert(!authp_pace_before(fake.runtime.pacer, fake_io_request(), HTTP_BAD_REQUEST));
    ck_assert_int_eq(faults.sleeps, 1);
    ck_assert_str_eq(fake.said, "");
}
END_TEST

static const char *must_say;

/* exit() calls it. */
static void expect_line(void)
{
    if (told(APLOG_EMERG, must_say) != 1) {
        _exit(99);
    }
}

/* The child begins with a fault at that mutex. Returns 'x': it ended, and httpd must not make
 * another one at once; '5': account routes answer 503, and it recovers; '.': it noticed nothing. */
static char begin_without_mutex(int at)
{
    int status = -1;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        must_say = "AUTHP0513: this child cannot start";
        (void)atexit(expect_line);
        faults.mutex_at = at;
        begin_child();
        faults.mutex_at = 0;
        bool late = told(APLOG_ERR, "AUTHP0512: the store or the hasher cannot be opened") == 1;
        bool early = atomic_load(&fake.runtime.ready);
        _exit(early == late || !authp_lifecycle_ready() ? 98 : late ? '5' : '.');
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status) == APEXIT_CHILDFATAL ? 'x' : (char)WEXITSTATUS(status);
}

/* A child that cannot guard pages ends, and httpd with it. One that cannot hash serves pages. */
START_TEST(a_child_without_mutexes)
{
    char fates[] = "????????";
    ck_assert_int_eq(post_config(), OK);
    for (size_t i = 0; fates[i] != '\0'; i++) {
        fates[i] = begin_without_mutex((int)i + 1);
    }
    ck_assert_str_eq(fates, "xxx.5...");
}
END_TEST

/* AuthPlatformTokenCache is a wish: without memory each token is verified anew. */
START_TEST(a_child_without_a_cache)
{
    ck_assert_int_eq(post_config(), OK);
    faults.mmap_at = 1;
    begin_child();
    ck_assert_int_eq(atomic_load(&faults.mmap_at), 0);
    ck_assert_int_eq(told(APLOG_WARNING, "AUTHP0514: no memory for AuthPlatformTokenCache"), 1);
    ck_assert_ptr_null(fake.f.realm->token_cache);
    ck_assert(atomic_load(&fake.runtime.ready));
    ck_assert_int_eq(httpd_fake_told("AUTHP05"), 1);
}
END_TEST

/* A file of certificates that was there when the configuration was read, and is not any more. */
START_TEST(a_child_without_certificates)
{
    static const authp_provider_t google = {.name = "google", .google = true};
    static const authp_mail_url_t server = {.host = "127.0.0.1", .port = 25};
    apr_array_header_t *providers = apr_array_make(fake.f.pool, 1, sizeof(void *));
    APR_ARRAY_PUSH(providers, const authp_provider_t *) = &google;
    fake.f.settings->mail_url = "smtp://127.0.0.1:25";
    fake.f.settings->mail_server = &server;
    fake.f.settings->public_host = "www.example.org";
    fake.f.settings->providers = providers;
    ck_assert_int_eq(post_config(), OK);
    for (int i = 0; i < 2; i++) {
        const char *file = i == 0 ? "/nonexistent/ca.pem" : NULL;
        fake.said[0] = '\0';
        fake.f.settings->oidc_ca_file = file;
        fake.f.settings->mail_ca_file = file;
        begin_child();
        ck_assert_int_eq(told(APLOG_ERR, "AUTHP0516: this child cannot reach identity providers\n"),
                         i == 0);
        ck_assert_int_eq(told(APLOG_ERR, "AUTHP0518: this child cannot send mails\n"), i == 0);
        ck_assert_int_eq(fake.f.realm->providers == NULL, i == 0);
        ck_assert_int_eq(fake.runtime.mail_sender == NULL, i == 0);
        ck_assert(atomic_load(&fake.runtime.ready));
        apr_pool_clear(pchild);
        fake.f.realm->hasher = NULL;
        fake.f.realm->vault = NULL;
        atomic_store(&fake.runtime.ready, false);
    }
}
END_TEST

/* Of the places at the gate, how many may wait for other servers; and for one server if there is
 * one provider, if there are two, and so on, without MSG91 and with it. */
static const struct {
    int gate;
    int providers;
    bool msg91;
    int most;
    int share;
} places[] = {{0, 1, false, 1, 1},  {1, 1, false, 1, 1},   {2, 1, false, 1, 1},
              {3, 1, false, 1, 1},  {4, 1, false, 2, 2},   {16, 1, false, 8, 8},
              {16, 2, false, 8, 6}, {16, 3, false, 8, 6},  {16, 0, true, 8, 8},
              {16, 1, true, 8, 6},  {32, 2, true, 16, 12}, {16, 0, false, 8, 8}};

START_TEST(who_waits_for_others)
{
    static const authp_provider_t google = {.name = "google", .google = true};
    apr_array_header_t *providers = apr_array_make(fake.f.pool, 1, sizeof(void *));
    for (int i = 0; i < places[_i].providers; i++) {
        APR_ARRAY_PUSH(providers, const authp_provider_t *) = &google;
    }
    fake.f.settings->providers = providers;
    fake.f.settings->otp_provider = places[_i].msg91 ? AUTHP_OTP_BY_MSG91 : AUTHP_OTP_BY_MOCK;
    fake.runtime.gate.limit = places[_i].gate;
    fake.runtime.pool = pchild;
    authp_places_t *all = authp_lifecycle_places(&fake.runtime);
    ck_assert_int_eq(authp_places_most(all), places[_i].most);
    ck_assert_int_eq(authp_places_most(authp_places_share(all, pchild)), places[_i].share);
}
END_TEST

Suite *suite_httpd_faults(void)
{
    Suite *suite = suite_create("httpd_faults");
    TCase *tests = tcase_create("httpd_faults");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_start_without_memory);
    tcase_add_test(tests, a_start_without_tokens);
    tcase_add_test(tests, each_has_its_place);
    tcase_add_test(tests, a_start_tidies_up);
    tcase_add_test(tests, what_a_child_has);
    tcase_add_test(tests, a_child_without_mutexes);
    tcase_add_test(tests, a_child_without_a_cache);
    tcase_add_test(tests, a_child_without_certificates);
    tcase_add_loop_test(tests, who_waits_for_others, 0, (int)(sizeof(places) / sizeof(places[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
