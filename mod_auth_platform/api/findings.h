/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_FINDINGS_H
#define AUTHP_API_FINDINGS_H

#include <apr_pools.h>
#include <jansson.h>
#include <stdbool.h>

/* The wrong fields of a request, as members of a 422 problem document: `errors` = [{field, code,
 * detail}] for at most AUTHP_FINDINGS_MOST fields, and `more` = the number of further ones. The
 * size of the answer is bounded: fields beyond the limit are only counted, and a long name from the
 * client is cut. */
#define AUTHP_FINDINGS_MOST 20
#define AUTHP_FINDINGS_NAME 64        /* a field's name is cut after so many code points, */
#define AUTHP_FINDINGS_NAME_BYTES 256 /* or after so many bytes of JSON text */

/* Makes an empty list, which is released with the pool. */
json_t *authp_findings_make(apr_pool_t *pool);
/* `field` is well-formed UTF-8. A name beyond the limits above is cut and ends with an ellipsis. */
void authp_findings_add(json_t *findings, const char *field, const char *code, const char *detail);
/* True if there is a finding. */
bool authp_findings_any(const json_t *findings);
/* True if `errors` has a finding about this field. Fields that `more` counts are not found. */
bool authp_findings_name(const json_t *findings, const char *field);

#endif
