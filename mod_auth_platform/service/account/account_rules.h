/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_ACCOUNT_RULES_H
#define AUTHP_SERVICE_ACCOUNT_ACCOUNT_RULES_H

#include "service/settings/settings.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* The rules for fields, for the body schema, OpenAPI and the command line. They return NULL, or a
 * sentence for people. `text` has `len` bytes of well-formed UTF-8. All of them refuse a NUL
 * inside. */
const char *authp_account_rules_check_email(const char *text, size_t len);
const char *authp_account_rules_check_username(const char *text, size_t len);
const char *authp_account_rules_check_name(const char *text, size_t len);
const char *authp_account_rules_check_password(const authp_settings_t *settings, const char *text,
                                               size_t len, apr_pool_t *pool);
/* True if the password is too common and the settings refuse it. */
bool authp_account_rules_is_common(const authp_settings_t *settings, const char *text, size_t len);
/* The address without white space around it, in lower case. */
const char *authp_account_rules_normal_email(const char *text, apr_pool_t *pool);
/* The username in lower case, as it is stored and looked up. Of other text, too, only
 * the case of ASCII letters changes. */
const char *authp_account_rules_normal_username(const char *text, apr_pool_t *pool);

#define AUTHP_USERNAME_MIN 3
#define AUTHP_USERNAME_MAX 150

#endif
