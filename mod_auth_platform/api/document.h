/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_DOCUMENT_H
#define AUTHP_API_DOCUMENT_H

#include "api/route.h"

/* Texts that are the same for everybody for as long as the configuration is: openapi.json and the
 * page /docs. They depend on the settings and on the mount, not on a request (neither names a host
 * or a scheme), so they are made once for each mount, before httpd's children and threads start,
 * and only read afterwards: no lock. */
typedef struct authp_document_t {
    const char *text;
    size_t len;
    const char *tag; /* entity tag without its quotes: a digest of the text */
} authp_document_t;

struct authp_documents_t {
    authp_document_t openapi;
    authp_document_t page;
};

/* Makes the documents of `mount`. `pool` must live as long as the mount (httpd: pconf); the tree
 * that the text is made from is gone on return. AUTHP_E_INTERNAL if there is no digest. */
AUTHP_CHECKED authp_err_t authp_documents_make(const authp_settings_t *settings,
                                               const authp_mount_t *mount,
                                               const authp_documents_t **out, apr_pool_t *pool);

/* Do both mounts have the same documents? */
bool authp_documents_same(const authp_mount_t *a, const authp_mount_t *b);

/* Answers with the document, or 304 if the client has it (If-None-Match). The body is the
 * document's own memory. */
void authp_document_send(authp_call_t *call, const authp_document_t *document, const char *type);

#endif
