/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PASSWORD_PASSWORD_RULES_H
#define AUTHP_SERVICE_PASSWORD_PASSWORD_RULES_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Passwords that are refused because attackers try them first: the built-in list, and the lines of
 * PASSWORD_REFUSED_FILE. Upper and lower case of ASCII letters count as equal. The lists do not
 * change after loading. */
typedef struct authp_refused_t authp_refused_t;

/* Reads the file. Lines end with LF or CRLF. Empty lines, a UTF-8 BOM and lines longer than 72
 * bytes are skipped. On failure (it cannot be read, is no regular file, or is over 16 MiB) *error
 * is a line that names the file. */
AUTHP_CHECKED authp_err_t authp_password_rules_load(const char *path, const authp_refused_t **out,
                                                    const char **error, apr_pool_t *pool);
/* Reads text in memory in the same way. */
const authp_refused_t *authp_password_rules_parse(const char *text, size_t len, apr_pool_t *pool);

/* True if the password is one of the 10,000 most common ones
 * (service/password/data/common_passwords.txt).
 */
bool authp_password_rules_common(const char *password, size_t len);

/* True if the password is in `refused`. False if `refused` is NULL. */
bool authp_password_rules_refused(const authp_refused_t *refused, const char *password, size_t len);

#endif
