/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/findings.h"

#include <apr_strings.h>
#include <string.h>

#define ELLIPSIS "\xE2\x80\xA6"

authp_findings_t *authp_findings_make(apr_pool_t *pool)
{
    authp_findings_t *findings = apr_pcalloc(pool, sizeof(*findings));
    findings->pool = pool;
    return findings;
}

/* The number of bytes in JSON for one byte of a string: 6 for \u0001, 2 for \", else 1. */
static size_t written(unsigned char byte)
{
    return byte < 0x20 ? 6 : byte == '"' || byte == '\\' ? 2 : 1;
}

/* Returns the length in bytes of the part of `field` that is shown. The part has whole characters.
 */
static size_t shown(const char *field)
{
    size_t end = 0; /* end of the last whole character that fits */
    size_t points = 0;
    size_t bytes = 0;
    for (size_t i = 0; field[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)field[i];
        if ((byte & 0xC0u) != 0x80u) {
            end = i;
            points++;
        }
        bytes += written(byte);
        if (points > AUTHP_FINDINGS_NAME || bytes > AUTHP_FINDINGS_NAME_BYTES) {
            return end;
        }
    }
    return strlen(field);
}

static const char *name_of(const char *field, apr_pool_t *pool)
{
    size_t len = shown(field);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, field, len), field[len] != '\0' ? ELLIPSIS : "",
                       NULL);
}

void authp_findings_add(authp_findings_t *findings, const char *field, const char *code,
                        const char *detail)
{
    if (findings->count == AUTHP_FINDINGS_MOST) {
        findings->more++;
        return;
    }
    findings->at[findings->count++] =
        (authp_finding_t){name_of(field, findings->pool), code, detail};
}

bool authp_findings_name(const authp_findings_t *findings, const char *field)
{
    for (int i = 0; i < findings->count; i++) {
        if (strcmp(findings->at[i].field, field) == 0) {
            return true;
        }
    }
    return false;
}
