/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_DOCS_DOCUMENT_H
#define AUTHP_API_DOCS_DOCUMENT_H

#include "api/core/call.h"

/* openapi.json and the page /docs. Their text depends on the settings and on the mount, not on a
 * request: it names no host and no scheme. It is made once for each mount, before httpd's children
 * and threads start, and is only read afterwards, so it needs no lock. */
typedef struct authp_document_t {
    const char *text;
    size_t len;
    const char *tag; /* entity tag without its quotes: a digest of the text */
} authp_document_t;

typedef struct authp_documents_t {
    authp_document_t openapi;
    authp_document_t page;
} authp_documents_t;

/* Makes the documents of `mount`, one of the host's `mounts`. `pool` must live as long as the mount
 * (httpd: pconf). The JSON tree from which the text is written is freed on return.
 * AUTHP_E_INTERNAL: no digest was made. */
AUTHP_CHECKED authp_err_t authp_document_make(const authp_settings_t *settings,
                                              const apr_array_header_t *mounts,
                                              const authp_mount_t *mount,
                                              const authp_documents_t **out, apr_pool_t *pool);

/* True if two hosts with these lists of mounts have the same documents. */
bool authp_document_same(const apr_array_header_t *a, const apr_array_header_t *b);

/* Answers with the document, or with 304 if If-None-Match names its tag. The body of the answer
 * points to the document's memory. */
void authp_document_send(authp_call_t *call, const authp_document_t *document, const char *type);

#endif
