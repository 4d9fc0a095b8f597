/* SPDX-License-Identifier: Apache-2.0 */
#include "throttled.h"

#include <apr_strings.h>
#include <check.h>

void throttled_wrong(http_fake_t *h, const char *email)
{
    http_fake_json(h, apr_pstrcat(h->f.pool, "{\"email\":\"", email,
                                  "\",\"password\":\"wrong password\"}", NULL));
}

void throttled_right(http_fake_t *h, const char *email)
{
    http_fake_json(h, apr_pstrcat(h->f.pool, "{\"email\":\"", email,
                                  "\",\"password\":\"" FIXTURE_PASSWORD "\"}", NULL));
}

void throttled_wait(http_fake_t *h, const char *method, const char *path, const char *seconds)
{
    authp_response_t out = http_fake_expect(h, method, path, 429, "rate_limited");
    ck_assert_str_eq(http_fake_header(&out, "Retry-After"), seconds);
    ck_assert(out.slow);
}

const char *throttled_device(http_fake_t *h, const authp_response_t *out)
{
    return http_fake_cookie_value(h, out, THROTTLED_DEVICE);
}

void throttled_send(http_fake_t *h, const char *value)
{
    apr_table_set(h->headers, "Cookie",
                  apr_pstrcat(h->f.pool, "a=b; " THROTTLED_DEVICE "=", value, NULL));
}
