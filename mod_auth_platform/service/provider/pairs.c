/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/pairs.h"

#include "base/text.h"

#include <apr_strings.h>
#include <stdbool.h>
#include <string.h>

const char *authp_pairs_form(const authp_pair_t *pairs, size_t count, apr_pool_t *pool)
{
    const char *out = "";
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].value != NULL) {
            out = apr_pstrcat(pool, out, *out != '\0' ? "&" : "", pairs[i].name, "=",
                              authp_text_url_encode(pairs[i].value, pool), NULL);
        }
    }
    return out;
}

/* True if the parameter at `at` has the name of one of the pairs, however it is escaped. */
static bool is_one_of(const char *at, size_t len, const authp_pair_t *pairs, size_t count,
                      apr_pool_t *pool)
{
    const char *name = authp_text_url_decode(apr_pstrmemdup(pool, at, len), true, pool);
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(name, pairs[i].name) == 0) {
            return true;
        }
    }
    return false;
}

/* The query without the parameters that have the name of a pair. */
static const char *others(const char *query, const authp_pair_t *pairs, size_t count,
                          apr_pool_t *pool)
{
    const char *out = "";
    while (*query != '\0') {
        size_t len = strcspn(query, "&");
        size_t name = strcspn(query, "=&");
        if (len > 0 && !is_one_of(query, name, pairs, count, pool)) {
            out = apr_pstrcat(pool, out, *out != '\0' ? "&" : "", apr_pstrmemdup(pool, query, len),
                              NULL);
        }
        query += len + (query[len] == '&');
    }
    return out;
}

const char *authp_pairs_url(const char *url, const authp_pair_t *pairs, size_t count,
                            apr_pool_t *pool)
{
    size_t len = strcspn(url, "#");
    size_t path = strcspn(url, "?#");
    const char *query = path < len ? apr_pstrmemdup(pool, url + path + 1, len - path - 1) : "";
    const char *kept = others(query, pairs, count, pool);
    const char *added = authp_pairs_form(pairs, count, pool);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, url, path), "?", kept,
                       *kept != '\0' && *added != '\0' ? "&" : "", added, url + len, NULL);
}
