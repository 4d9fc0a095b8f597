/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_FINDINGS_H
#define AUTHP_API_CORE_FINDINGS_H

#include <apr_pools.h>
#include <stdbool.h>

/* The wrong fields of a request. The profile's shape writes them (profile.h). The size of an answer
 * is bounded: fields beyond the limit are only counted, and a long name from the client is cut. */
#define AUTHP_FINDINGS_MOST 20
#define AUTHP_FINDINGS_NAME 64        /* a field's name is cut after this many code points, */
#define AUTHP_FINDINGS_NAME_BYTES 256 /* or after this many bytes of JSON text */

typedef struct authp_finding_t {
    const char *field;  /* its name; "" is the whole body */
    const char *code;   /* a stable word: "missing", "invalid", "type", "unknown", "too_common" */
    const char *detail; /* a sentence for people */
} authp_finding_t;

typedef struct authp_findings_t {
    authp_finding_t at[AUTHP_FINDINGS_MOST];
    int count;
    int more; /* number of further ones */
    apr_pool_t *pool;
} authp_findings_t;

/* Makes an empty list in `pool`. */
authp_findings_t *authp_findings_make(apr_pool_t *pool);
/* `field` is well-formed UTF-8. A name beyond the limits above is cut and ends with an ellipsis.
 * `code` and `detail` must live as long as the list. */
void authp_findings_add(authp_findings_t *findings, const char *field, const char *code,
                        const char *detail);
/* True if there is a finding about this field. Fields that `more` counts are not found. */
bool authp_findings_name(const authp_findings_t *findings, const char *field);

#endif
