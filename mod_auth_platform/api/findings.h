/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_FINDINGS_H
#define AUTHP_API_FINDINGS_H

#include <apr_pools.h>
#include <jansson.h>
#include <stdbool.h>

/* What is wrong with the fields of a request, as the members that a 422 problem document gets:
 * `errors` = [{field, code, detail}] and, beyond AUTHP_FINDINGS_MOST, `more` = how many further
 * ones there are. The size of the answer is bounded whatever the client sends: fields beyond the
 * limit are only counted, and a name that the client made up is cut. */
#define AUTHP_FINDINGS_MOST 20
#define AUTHP_FINDINGS_NAME 64        /* code points of a field's name */
#define AUTHP_FINDINGS_NAME_BYTES 256 /* and bytes of its JSON text */

/* Without findings. Released with the pool. */
json_t *authp_findings_make(apr_pool_t *pool);
/* `field` is well-formed UTF-8 of any length; a longer one is cut and ends with an ellipsis. */
void authp_findings_add(json_t *findings, const char *field, const char *code, const char *detail);
/* Is there any? */
bool authp_findings_any(const json_t *findings);
/* Is one about this field, among those that are named? */
bool authp_findings_name(const json_t *findings, const char *field);

#endif
