/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/require_words.h"

#include <ap_expr.h>
#include <apr_strings.h>
#include <string.h>

struct authp_require_words_t {
    const ap_expr_info_t *expression; /* NULL if the words are plain */
    apr_array_header_t *plain;        /* const char * */
};

static apr_array_header_t *split(const char *line, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    while (*line != '\0') {
        const char *word = ap_getword_conf(pool, &line);
        if (word[0] != '\0') {
            APR_ARRAY_PUSH(words, const char *) = word;
        }
    }
    return words;
}

const char *authp_require_words_parse(cmd_parms *cmd, const char *what, const char *line,
                                      authp_require_words_t **out)
{
    authp_require_words_t *words = apr_pcalloc(cmd->pool, sizeof(*words));
    const char *error = NULL;
    words->plain = split(line, cmd->pool);
    if (words->plain->nelts == 0) {
        *out = NULL;
        return NULL;
    }
    if (strchr(line, '%') != NULL) {
        words->expression = ap_expr_parse_cmd(cmd, line, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
        if (error != NULL) {
            return apr_pstrcat(cmd->pool, what, ": ", error, NULL);
        }
    }
    *out = words;
    return NULL;
}

const apr_array_header_t *authp_require_words_get(request_rec *r, const char *what,
                                                  const authp_require_words_t *words)
{
    const char *error = NULL;
    if (words->expression == NULL) {
        return words->plain;
    }
    const char *text = ap_expr_str_exec(r, words->expression, &error);
    if (error != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AUTHP0501: %s: %s", what, error);
        return NULL;
    }
    return split(text, r->pool);
}

const apr_array_header_t *authp_require_words_plain(const authp_require_words_t *words)
{
    return words->expression == NULL ? words->plain : NULL;
}
