/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_REFUSAL_PAGE_H
#define AUTHP_API_CORE_REFUSAL_PAGE_H

#include "api/core/http.h"

/* The signed-in user that the page below names. All members zero: no user is named. */
typedef struct authp_refusal_page_reader_t {
    bool known;          /* somebody is signed in */
    const char *name;    /* NULL if none */
    const char *login;   /* the e-mail address, else the username. NULL if none */
    const char *sign_in; /* URL to sign in as somebody else, NULL if there is no sign-in page */
} authp_refusal_page_reader_t;

/* The small HTML page that a browser navigation gets instead of JSON (403 and 503 of a guarded
 * page). It has the same status and headers, and a Content-Security-Policy that fits it. It has no
 * script, one <style>, and loads nothing. It names the signed-in user, with a link to sign in as
 * somebody else. */
void authp_refusal_page(authp_err_t err, const char *request_id,
                        const authp_refusal_page_reader_t *reader, authp_response_t *out,
                        apr_pool_t *pool);

#endif
