/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/pairs.h"

#include "base/text.h"

#include <apr_strings.h>
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

const char *authp_pairs_url(const char *url, const authp_pair_t *pairs, size_t count,
                            apr_pool_t *pool)
{
    size_t len = strcspn(url, "#");
    const char *front = apr_pstrmemdup(pool, url, len);
    const char *query = strchr(front, '?');
    const char *join = query == NULL ? "?" : query[1] == '\0' ? "" : "&";
    return apr_pstrcat(pool, front, join, authp_pairs_form(pairs, count, pool), url + len, NULL);
}
