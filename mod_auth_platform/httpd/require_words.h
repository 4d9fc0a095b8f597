/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_WORDS_H
#define AUTHP_HTTPD_REQUIRE_WORDS_H

#include "httpd/module.h"

/* The words of a Require line, or the expression (%{...}) that gives these words for each request.
 */
typedef struct authp_require_words_t authp_require_words_t;

/* Parses the words while the configuration is read. Returns NULL, or one line that begins with
 * `what` and says what is wrong. If there are no words, *out is NULL, and the caller decides
 * whether that is an error. */
const char *authp_require_words_parse(cmd_parms *cmd, const char *what, const char *line,
                                      authp_require_words_t **out);

/* The words for a request (const char *). NULL if the expression cannot be evaluated, which is
 * logged. */
const apr_array_header_t *authp_require_words_get(request_rec *r, const char *what,
                                                  const authp_require_words_t *words);

/* The words of a line without an expression. NULL if it has one. */
const apr_array_header_t *authp_require_words_plain(const authp_require_words_t *words);

#endif
