/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_WORDS_H
#define AUTHP_HTTPD_REQUIRE_WORDS_H

#include "httpd/module.h"

/* The words of a Require line, or the expression (%{...}) that gives them for each request. */
typedef struct authp_require_words_t authp_require_words_t;

/* While the configuration is read: NULL, or one line that says what is wrong, beginning with
 * `what`. No words at all is for the caller to refuse: *out is NULL then. */
const char *authp_require_words_parse(cmd_parms *cmd, const char *what, const char *line,
                                      authp_require_words_t **out);

/* The words (const char *); NULL, logged, if the expression cannot be evaluated. */
const apr_array_header_t *authp_require_words_get(request_rec *r, const char *what,
                                                  const authp_require_words_t *words);

/* The words of a plain line; NULL if an expression gives them. */
const apr_array_header_t *authp_require_words_plain(const authp_require_words_t *words);

#endif
