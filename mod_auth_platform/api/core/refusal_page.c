/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/refusal_page.h"
#include "api/core/problem.h"
#include "api/core/refusal.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

/* The policy of the HTML page below: it allows the page's one <style> and nothing else. An answer
 * without a policy would get the one that the site sets for its own pages, and that one would block
 * the style. */
#define PAGE_POLICY                                                                                \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "         \
    "frame-ancestors 'none'"

static const char *escaped(const char *text, apr_pool_t *pool)
{
    return apr_pescape_entity(pool, text, 0);
}

/* Names are chosen by users. <bdi> limits the effect of characters that change the direction of
 * text to the name. */
static const char *reader_text(const authp_refusal_page_reader_t *reader, apr_pool_t *pool)
{
    if (!reader->known) {
        return "";
    }
    const char *who = reader->name != NULL ? reader->name : reader->login;
    const char *both = reader->name != NULL ? reader->login : NULL;
    const char *text = "<p>You are signed in";
    if (who != NULL) {
        text = apr_pstrcat(pool, text, " as <strong><bdi>", escaped(who, pool), "</bdi></strong>",
                           NULL);
    }
    if (both != NULL) {
        text = apr_pstrcat(pool, text, " (<bdi>", escaped(both, pool), "</bdi>)", NULL);
    }
    if (reader->sign_in != NULL) {
        return apr_pstrcat(pool, text, ".</p>\n<p><a href=\"", escaped(reader->sign_in, pool),
                           "\">Sign in as somebody else</a></p>\n", NULL);
    }
    return apr_pstrcat(pool, text, ".</p>\n", NULL);
}

void authp_refusal_page(authp_err_t err, const char *request_id,
                        const authp_refusal_page_reader_t *reader, authp_response_t *out,
                        apr_pool_t *pool)
{
    /* `title` and `detail` are constants without markup. Everything else is escaped. */
    const authp_problem_t *problem = authp_problem_of(err);
    const char *id = request_id != NULL ? escaped(request_id, pool) : NULL;
    authp_refusal_head(problem, request_id, out, pool);
    out->body = apr_pstrcat(
        pool,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>",
        problem->title,
        "</title>\n<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;"
        "margin:15vh auto;padding:0 1rem;overflow-wrap:anywhere}small{opacity:.7}</style>\n</head>\n<body>\n<main>\n<h1>",
        problem->title, "</h1>\n<p>", problem->detail, "</p>\n", reader_text(reader, pool),
        "<p><a href=\"/\">Back to the front page</a></p>\n", id != NULL ? "<p><small>Request " : "",
        id != NULL ? id : "", id != NULL ? "</small></p>\n" : "", "</main>\n</body>\n</html>\n",
        NULL);
    out->body_len = strlen(out->body);
    apr_table_setn(out->headers, "Content-Type", "text/html; charset=utf-8");
    apr_table_setn(out->headers, "Content-Security-Policy", PAGE_POLICY);
}
