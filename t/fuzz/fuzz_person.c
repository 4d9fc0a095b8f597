/* SPDX-License-Identifier: Apache-2.0 */
/* What people type about themselves: an e-mail address, a name, a password. Accepted values are
 * stored and shown again. */
#include "base/text.h"
#include "fuzz.h"
#include "service/account/account.h"
#include "service/account/account_rules.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void try_email(const char *text, size_t len, apr_pool_t *pool)
{
    if (authp_account_rules_check_email(text, len) != NULL) {
        return;
    }
    const char *email = authp_account_rules_normal_email(text, pool);
    size_t length = strlen(email);
    FUZZ_DEMAND(length > 2 && length <= 254 && strchr(email, '@') != NULL);
    for (const char *at = email; *at != '\0'; at++) {
        FUZZ_DEMAND(*at > ' ' && *at < 0x7f && !(*at >= 'A' && *at <= 'Z'));
    }
    /* The normal form of an address must be its own normal form, so that equal addresses are equal
     * strings. */
    FUZZ_DEMAND(authp_account_rules_check_email(email, length) == NULL);
    FUZZ_DEMAND(strcmp(authp_account_rules_normal_email(email, pool), email) == 0);
}

static void try_name(const char *text, size_t len)
{
    size_t count = 0;
    if (authp_account_rules_check_name(text, len) == NULL) {
        FUZZ_DEMAND(authp_text_utf8(text, len, &count) && count <= 200);
        FUZZ_DEMAND(memchr(text, '\0', len) == NULL && !authp_text_has_control(text, len));
    }
}

static void try_password(const char *text, size_t len, apr_pool_t *pool)
{
    static const authp_settings_t settings = {.password_min_length = 8};
    size_t count = 0;
    if (authp_account_rules_check_password(&settings, text, len, pool) == NULL) {
        FUZZ_DEMAND(authp_text_utf8(text, len, &count) && count >= 8 && len <= 72);
        FUZZ_DEMAND(memchr(text, '\0', len) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size > 4096) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data, size);
    const char *safe = authp_text_header_safe(text, pool);
    for (const char *at = safe; *at != '\0'; at++) {
        FUZZ_DEMAND(*at >= ' ' && *at < 0x7f);
    }
    /* The rules are only called with text from the JSON parser, which is UTF-8. */
    if (authp_text_utf8(text, size, NULL)) {
        try_email(text, size, pool);
        try_name(text, size);
        try_password(text, size, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
