/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "base/log.h"
#include "no_secrets.h"
#include "service/limit/limit.h"
#include "service/session/session_refresh.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>

#include <check.h>

const authp_client_t fixture_client = {.ip = "192.0.2.7",
                                       .user_agent = "tests/1.0",
                                       .device_id = "device-1",
                                       .request_id = "request-1"};

const authp_terms_t fixture_terms = {.prf = "family",
                                     .minutes = 60,
                                     .most_minutes = 1440,
                                     .claims = AUTHP_TERMS_ROLE | AUTHP_TERMS_USER_ID |
                                               AUTHP_TERMS_USERNAME};

/* A record of what was written to the store. It is separate from the store, because tests change
 * rows there. */
static struct recorder_t {
    pthread_mutex_t mutex;
    apr_pool_t *pool;
    apr_array_header_t *sids;   /* authp_id_t */
    apr_array_header_t *events; /* authp_audit_t */
} recorder = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static const char *copy(const char *text)
{
    return text != NULL ? apr_pstrdup(recorder.pool, text) : NULL;
}

static authp_err_t record_session(void *self, const authp_session_t *session, apr_pool_t *pool)
{
    authp_err_t err = mem_store_ops.session_create(self, session, pool);
    if (err == AUTHP_OK) {
        pthread_mutex_lock(&recorder.mutex);
        APR_ARRAY_PUSH(recorder.sids, authp_id_t) = session->id;
        pthread_mutex_unlock(&recorder.mutex);
    }
    return err;
}

static authp_err_t record_audit(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    authp_err_t err = mem_store_ops.audit_append(self, entry, pool);
    const char *const texts[] = {entry->event,    entry->outcome,    entry->reason,
                                 entry->actor_id, entry->subject_id, entry->session_id,
                                 entry->ip};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        no_secrets_in(texts[i]);
    }
    if (err == AUTHP_OK) {
        pthread_mutex_lock(&recorder.mutex);
        authp_audit_t own = *entry;
        own.event = copy(entry->event);
        own.outcome = copy(entry->outcome);
        own.reason = copy(entry->reason);
        own.actor_id = copy(entry->actor_id);
        own.subject_id = copy(entry->subject_id);
        own.session_id = copy(entry->session_id);
        own.ip = copy(entry->ip);
        own.request_id = copy(entry->request_id);
        APR_ARRAY_PUSH(recorder.events, authp_audit_t) = own;
        pthread_mutex_unlock(&recorder.mutex);
    }
    return err;
}

static const char *setting(void *ctx, const char *name)
{
    static const char *const settings[][2] = {
        {"JWT_SECRET_KEY", FIXTURE_SECRET},  {"AUTH_STORE", "sqlite:/nonexistent/accounts.db"},
        {"AUTH_STATE_DIR", "/nonexistent"},  {"BCRYPT_ROUNDS", "4"},
        {"PASSWORD_REFUSE_COMMON", "false"}, {"AUTH_LIMITS", "off"},
    };
    (void)ctx;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (strcmp(settings[i][0], name) == 0) {
            return settings[i][1];
        }
    }
    return NULL;
}

authp_settings_t fixture_settings(apr_pool_t *pool)
{
    const authp_settings_env_t env = {setting, NULL};
    authp_settings_t *settings = NULL;
    apr_array_header_t *wrong = NULL;
    authp_err_t err = authp_settings_load(NULL, &env, &settings, &wrong, pool);
    ck_assert_msg(err == AUTHP_OK, "%s", apr_array_pstrcat(pool, wrong, '\n'));
    return *settings;
}

void fixture_open(fixture_t *f)
{
    static authp_store_ops_t ops;
    const authp_store_config_t config = {.timeout_ms = 2000};
    authp_hasher_bound_t *bound = NULL;
    ck_assert_int_eq(apr_pool_create(&f->pool, NULL), APR_SUCCESS);
    no_secrets_in_log();
    recorder.pool = f->pool;
    recorder.sids = apr_array_make(f->pool, 8, sizeof(authp_id_t));
    recorder.events = apr_array_make(f->pool, 8, sizeof(authp_audit_t));
    fake_clock_init(&f->clock);
    fixed_rng_init(&f->rng, 7);
    const authp_settings_t settings = fixture_settings(f->pool);
    ck_assert_int_eq(authp_realm_make(&settings, &f->realm, f->pool), AUTHP_OK);
    f->settings = apr_pmemdup(f->pool, f->realm->settings, sizeof(*f->settings));
    f->realm->settings = f->settings;
    f->realm->clock = &f->clock.clock;
    f->realm->random = &f->rng.random;
    ops = mem_store_ops;
    ops.session_create = record_session;
    ops.audit_append = record_audit;
    ck_assert_int_eq(authp_store_open(&ops, &config, &f->store, f->pool), AUTHP_OK);
    mem_store_clock(f->store, &f->clock.clock);
    f->realm->store = f->store;
    ck_assert_int_eq(authp_hasher_bound_make(2, 200, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &f->rng.random, 0, &f->realm->hasher, f->pool),
                     AUTHP_OK);
}

void fixture_close(fixture_t *f)
{
    apr_pool_destroy(f->pool);
    f->pool = NULL;
    authp_log_set_sink(NULL, NULL);
}

authp_new_account_t fixture_new(const char *email, const char *role)
{
    return (authp_new_account_t){.email = email,
                                 .name = "Somebody",
                                 .password = FIXTURE_PASSWORD,
                                 .password_len = sizeof(FIXTURE_PASSWORD) - 1,
                                 .role = role};
}

authp_user_t *fixture_user(fixture_t *f, const char *email, const char *role, bool verified)
{
    authp_new_account_t in = fixture_new(email, role);
    authp_user_t *user = NULL;
    in.verified = verified;
    ck_assert_int_eq(authp_account_create(f->realm, &in, "test", &fixture_client, &user, f->pool),
                     AUTHP_OK);
    return user;
}

authp_grant_t fixture_start(fixture_t *f, authp_user_t *user)
{
    authp_grant_t grant = {0};
    ck_assert_int_eq(authp_session_start(f->realm, user, &fixture_client, &grant, f->pool),
                     AUTHP_OK);
    return grant;
}

authp_err_t fixture_refresh(const fixture_t *f, const char *token, authp_grant_t *out,
                            apr_pool_t *pool)
{
    authp_proof_t proof;
    authp_err_t err = authp_session_prove(f->realm, token, &proof, pool);
    return err == AUTHP_OK ? authp_session_refresh(f->realm, &proof, &fixture_client, out, pool)
                           : err;
}

authp_session_t *fixture_session_of(const fixture_t *f, const char *refresh_token)
{
    authp_proof_t proof;
    ck_assert_int_eq(authp_session_prove(f->realm, refresh_token, &proof, f->pool), AUTHP_OK);
    return proof.session;
}

int fixture_sessions(const fixture_t *f)
{
    (void)f;
    return recorder.sids->nelts;
}

int fixture_live_sessions(const fixture_t *f)
{
    int count = 0;
    for (int i = 0; i < recorder.sids->nelts; i++) {
        const char *sid = APR_ARRAY_IDX(recorder.sids, i, authp_id_t).hex;
        count += mem_store_session(f->store, sid)->ended_at == 0;
    }
    return count;
}

const authp_audit_t *fixture_audit(const fixture_t *f, const char *event)
{
    (void)f;
    for (int i = recorder.events->nelts - 1; i >= 0; i--) {
        const authp_audit_t *entry = &APR_ARRAY_IDX(recorder.events, i, authp_audit_t);
        if (strcmp(entry->event, event) == 0) {
            return entry;
        }
    }
    return NULL;
}

int fixture_audits(const fixture_t *f)
{
    (void)f;
    return recorder.events->nelts;
}

const authp_audit_t *fixture_audit_at(const fixture_t *f, int index)
{
    (void)f;
    return &APR_ARRAY_IDX(recorder.events, index, authp_audit_t);
}

static void set_keys(fixture_t *f, const authp_secret_t *present, const authp_secret_t *previous)
{
    authp_keys_t *keys = NULL;
    ck_assert_int_eq(authp_keys_make(present, previous, &keys, f->pool), AUTHP_OK);
    f->realm->keys = keys;
}

void fixture_roll_key(fixture_t *f, bool keep_previous)
{
    static const char other[] = "other-key-other-key-other-key-other-key";
    set_keys(f, authp_secret_make(other, sizeof(other) - 1, f->pool),
             keep_previous ? f->settings->jwt_secret : NULL);
}

void fixture_restore_key(fixture_t *f)
{
    set_keys(f, f->settings->jwt_secret, NULL);
}

void fixture_limits(fixture_t *f, authp_rate_t address, authp_rate_t enroll, authp_rate_t account)
{
    authp_limit_shared_t *shared = NULL;
    f->settings->limits = true;
    f->settings->limit_address = address;
    f->settings->limit_register = enroll;
    f->settings->limit_account = account;
    ck_assert_int_eq(authp_limit_shared_make(&f->clock.clock, &f->rng.random, &shared), AUTHP_OK);
    f->realm->limits = authp_limit_make(shared, f->settings, &f->clock.clock, f->pool);
}
