/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_PROFILE_DOCUMENT_H
#define AUTHP_SERVICE_ACCOUNT_PROFILE_DOCUMENT_H

#include "base/json.h"
#include "service/account/admin.h"

/* What front ends and apps keep about a person in one of the person's roles. The server stores it
 * as it is, and reads nothing in it. */
typedef struct authp_profile_document_t {
    const char *role;
    json_t *personal_info; /* objects. NULL: absent */
    json_t *stats;
    const char *job_id; /* NULL: absent */
} authp_profile_document_t;

/* The most bytes of one object, as compact JSON text. */
#define AUTHP_PROFILE_DOCUMENT_MOST 8192

/* NULL if `value` may be stored as personal_info or stats. Else a sentence for people. */
const char *authp_profile_document_wrong(const json_t *value, apr_pool_t *pool);

/* Reads the document of that role, which belongs to `pool`. One that was never written has only
 * NULL members. AUTHP_E_INTERNAL, logged: another program has written something else. */
AUTHP_CHECKED authp_err_t authp_profile_document_read(const authp_user_t *user, const char *role,
                                                      authp_profile_document_t *out,
                                                      apr_pool_t *pool);

/* Replaces those members of the document of change->role that `change` has. *out: the account after
 * that. AUTHP_E_NOT_FOUND: there is no such account, or it does not have the role.
 * AUTHP_E_VALIDATION_FAILED: authp_profile_document_wrong(). AUTHP_E_BUSY, AUTHP_E_INTERNAL. */
AUTHP_CHECKED authp_err_t authp_profile_document_write(const authp_realm_t *realm,
                                                       const authp_actor_t *actor, const char *id,
                                                       const authp_profile_document_t *change,
                                                       authp_user_t **out, apr_pool_t *pool);

/* For files of service/account: removes the document of that role from a copy of an account
 * (user_change.h). AUTHP_E_INTERNAL as above. */
AUTHP_CHECKED authp_err_t authp_profile_document_remove(authp_user_t *user, const char *role,
                                                        apr_pool_t *pool);

#endif
