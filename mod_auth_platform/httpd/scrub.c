/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/scrub.h"
#include "httpd/runtime.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

/* Compares as CGI, WSGI and PHP fold names: letters of either case are equal, and any byte that is
 * no letter or digit counts as '-'. */
static bool spells(const char *text, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++) {
        char byte = (char)(apr_isalnum(text[i]) ? apr_tolower(text[i]) : '-');
        if (byte != name[i]) { /* also false if `name` ends here */
            return false;
        }
    }
    return name[len] == '\0';
}

static bool is_identity(const char *text, size_t len)
{
    static const char *const names[] = {
        "x-auth-user-id",  "x-auth-email", "x-auth-email-verified", "x-auth-name",
        "x-auth-username", "x-auth-phone", "x-auth-roles",          "x-auth-session-id"};
    if (len == 0 || (text[0] | 0x20) != 'x') {
        return false;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (spells(text, len, names[i])) {
            return true;
        }
    }
    return false;
}

/* The length of the RFC 9110 token at `text`. 0 if there is none. */
static size_t token_len(const char *text)
{
    size_t len = 0;
    while (apr_isalnum(text[len]) ||
           (text[len] != '\0' && strchr("!#$%&'*+-.^_`|~", text[len]) != NULL)) {
        len++;
    }
    return len;
}

/* Returns the list without the names of our headers: the same pointer if it had none, NULL if
 * nothing is left. Every byte that is not part of a token separates here, because mod_proxy
 * separates at ';' too, besides ',' and white space. mod_proxy removes each header that the list
 * names. */
static const char *without_names(const char *list, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(list) + 1);
    char *end = out;
    bool found = false;
    size_t len = 0;
    for (const char *at = list; *at != '\0'; at += len > 0 ? len : 1) {
        len = token_len(at);
        if (is_identity(at, len)) {
            found = true;
        } else if (len > 0) {
            if (end != out) {
                *end++ = ',';
            }
            memcpy(end, at, len);
            end += len;
        }
    }
    *end = '\0';
    if (!found) {
        return list;
    }
    return end != out ? out : NULL;
}

static void scrub_list(request_rec *r, const char *name)
{
    const char *list = apr_table_get(r->headers_in, name);
    if (list == NULL || (strchr(list, 'x') == NULL && strchr(list, 'X') == NULL)) {
        return;
    }
    const char *rest = without_names(list, r->pool);
    if (rest == NULL) {
        apr_table_unset(r->headers_in, name);
    } else if (rest != list) {
        apr_table_setn(r->headers_in, name, rest);
    }
}

void authp_scrub_headers(request_rec *r)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entries = (const apr_table_entry_t *)headers->elts;
    apr_array_header_t *found = NULL;
    bool lists = false;
    for (int i = 0; i < headers->nelts; i++) {
        const char *name = entries[i].key;
        char first = (char)(name[0] | 0x20);
        if (first == 'x' && is_identity(name, strlen(name))) {
            if (found == NULL) {
                found = apr_array_make(r->pool, 4, sizeof(const char *));
            }
            APR_ARRAY_PUSH(found, const char *) = name;
        }
        lists |= first == 'c' || first == 'p';
    }
    for (int i = 0; found != NULL && i < found->nelts; i++) {
        apr_table_unset(r->headers_in, APR_ARRAY_IDX(found, i, const char *));
    }
    if (lists) {
        scrub_list(r, "Connection");
        scrub_list(r, "Proxy-Connection");
    }
}

static int on_post_read_request(request_rec *r)
{
    if (authp_runtime_get() != NULL) {
        authp_scrub_headers(r);
    }
    return DECLINED;
}

void authp_scrub_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_read_request(on_post_read_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
