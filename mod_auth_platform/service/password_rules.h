/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PASSWORD_RULES_H
#define AUTHP_SERVICE_PASSWORD_RULES_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Passwords that are refused because attackers try them first: the built-in list, and the lines of
 * PASSWORD_REFUSED_FILE. ASCII letters are compared without case. Read-only after loading. */
typedef struct authp_refused_t authp_refused_t;

/* LF or CRLF, empty lines skipped, a UTF-8 BOM too; lines longer than any password we take are
 * dropped. On failure (unreadable, no regular file, over 16 MiB) *error is a line that names the
 * file. */
AUTHP_CHECKED authp_err_t authp_password_rules_load(const char *path, const authp_refused_t **out,
                                                    const char **error, apr_pool_t *pool);
/* The same from text in memory. */
const authp_refused_t *authp_password_rules_parse(const char *text, size_t len, apr_pool_t *pool);

/* True if the password is one of the 10,000 most common ones (service/data/common_passwords.txt),
 * letters compared without case. */
bool authp_password_rules_common(const char *password, size_t len);

/* False for NULL. */
bool authp_password_rules_refused(const authp_refused_t *refused, const char *password, size_t len);

#endif
