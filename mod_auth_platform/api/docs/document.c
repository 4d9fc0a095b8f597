/* SPDX-License-Identifier: Apache-2.0 */
#include "api/docs/document.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"

#include <apr_strings.h>
#include <string.h>

#define TAG_BYTES 16

static authp_err_t set_tag(authp_document_t *document, apr_pool_t *pool)
{
    unsigned char sum[AUTHP_SHA256_LEN];
    authp_err_t err = authp_digest_sha256(document->text, document->len, sum);
    if (err == AUTHP_OK) {
        document->tag = authp_text_hex(sum, TAG_BYTES, pool);
    }
    return err;
}

authp_err_t authp_document_make(const authp_settings_t *settings, const apr_array_header_t *mounts,
                                const authp_mount_t *mount, const authp_documents_t **out,
                                apr_pool_t *pool)
{
    authp_documents_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_pool_t *scratch = NULL;
    if (apr_pool_create(&scratch, pool) != APR_SUCCESS) {
        return AUTHP_E_INTERNAL;
    }
    made->openapi.text = authp_json_text(authp_openapi_make(settings, mounts, mount, scratch),
                                         &made->openapi.len, pool);
    apr_pool_destroy(scratch);
    made->page.text = (const char *)authp_docs_text_page;
    made->page.len = authp_docs_text_page_len;
    authp_err_t err = set_tag(&made->openapi, pool);
    if (err == AUTHP_OK) {
        err = set_tag(&made->page, pool);
    }
    if (err == AUTHP_OK) {
        *out = made;
    }
    return err;
}

bool authp_document_same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    bool same = a->nelts == b->nelts;
    for (int i = 0; same && i < a->nelts; i++) {
        const authp_mount_t *one = &APR_ARRAY_IDX(a, i, const authp_mount_t);
        const authp_mount_t *other = &APR_ARRAY_IDX(b, i, const authp_mount_t);
        same = one->delivery == other->delivery && one->profile == other->profile &&
               strcmp(one->path, other->path) == 0;
    }
    return same;
}

/* True if the tag equals `tag`, alone or with the suffix that mod_deflate or mod_brotli add. */
static bool is_tag(const char *sent, size_t len, const char *tag)
{
    static const char *const endings[] = {"", "-gzip", "-br"};
    size_t own = strlen(tag);
    if (len < own || strncmp(sent, tag, own) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (len - own == strlen(endings[i]) && strncmp(sent + own, endings[i], len - own) == 0) {
            return true;
        }
    }
    return false;
}

/* If-None-Match of RFC 9110: "*" or a list of entity tags, which may be weak. Comparing stops at
 * the first element that is not well-formed. */
static bool has_it(const char *header, const char *tag)
{
    if (header == NULL) {
        return false;
    }
    for (const char *at = header + strspn(header, " \t,"); *at != '\0'; at += strspn(at, " \t,")) {
        if (*at == '*') {
            return true;
        }
        at += strncmp(at, "W/", 2) == 0 ? 2 : 0;
        const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
        if (end == NULL) {
            return false;
        }
        if (is_tag(at + 1, (size_t)(end - at - 1), tag)) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

void authp_document_send(authp_call_t *call, const authp_document_t *document, const char *type)
{
    apr_table_t *headers = call->out->headers;
    apr_table_setn(headers, "Cache-Control", "public, max-age=300");
    apr_table_setn(headers, "ETag", apr_pstrcat(call->pool, "\"", document->tag, "\"", NULL));
    if (has_it(authp_call_header(call, "If-None-Match"), document->tag)) {
        call->out->status = 304;
        return;
    }
    apr_table_setn(headers, "Content-Type", type);
    call->out->status = 200;
    call->out->body = document->text;
    call->out->body_len = document->len;
}
