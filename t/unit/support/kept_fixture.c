/* SPDX-License-Identifier: Apache-2.0 */
#include "kept_fixture.h"
#include "base/log.h"

#include <apr_strings.h>
#include <sched.h>
#include <string.h>

#include <check.h>

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    kept_fixture_t *f = ctx;
    (void)level;
    apr_cpystrn(f->line, message, sizeof(f->line));
}

static authp_err_t answer(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                          apr_pool_t *answer_pool)
{
    script_t *said = ctx;
    apr_cpystrn(said->url, request->url, sizeof(said->url));
    said->limit = request->limit;
    said->timeout_ms = request->timeout_ms;
    said->calls++;
    while (said->held) {
        sched_yield();
    }
    if (said->err != AUTHP_OK) {
        return said->err;
    }
    *out = (authp_fetched_t){.status = said->status,
                             .body = apr_pstrdup(answer_pool, said->body),
                             .len = strlen(said->body),
                             .max_age = said->max_age};
    return AUTHP_OK;
}

static apr_status_t count_freed(void *data)
{
    kept_fixture_t *f = data;
    f->freed++;
    return APR_SUCCESS;
}

static authp_err_t parse(void *ctx, const char *body, size_t len, void **value,
                         apr_pool_t *value_pool)
{
    apr_pool_cleanup_register(value_pool, ctx, count_freed, apr_pool_cleanup_null);
    if (strcmp(body, "bad") == 0) {
        return AUTHP_E_MALFORMED;
    }
    *value = apr_pstrmemdup(value_pool, body, len);
    return AUTHP_OK;
}

authp_kept_t *kept_fixture_with(kept_fixture_t *f, int timeout_ms, apr_pool_t *pool)
{
    const authp_kept_rules_t rules = {
        .limit = 1234, .timeout_ms = timeout_ms, .parse = parse, .ctx = f};
    return authp_kept_make(&rules, &f->fetcher, &f->clock.clock, pool);
}

void kept_fixture_open(kept_fixture_t *f)
{
    memset(f, 0, sizeof(*f));
    apr_pool_create(&f->pool, NULL);
    fake_clock_init(&f->clock);
    f->script.status = 200;
    f->script.body = "one";
    f->script.max_age = -1;
    f->fetcher = (authp_fetcher_t){answer, &f->script};
    authp_log_set_sink(keep, f);
    f->kept = kept_fixture_with(f, KEPT_PATIENCE_MS, f->pool);
}

void kept_fixture_close(kept_fixture_t *f)
{
    apr_pool_destroy(f->pool);
    authp_log_set_sink(NULL, NULL);
}

const char *kept_fixture_get(kept_fixture_t *f, const char *url)
{
    const void *value = NULL;
    ck_assert_int_eq(authp_kept_get(f->kept, url, &value, f->pool), AUTHP_OK);
    return value;
}
