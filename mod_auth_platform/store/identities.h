/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_IDENTITIES_H
#define AUTHP_STORE_IDENTITIES_H

#include "base/err.h"
#include "store/model.h"

#include <apr_pools.h>

/* Lists of identities (apr_array_header_t * of authp_identity_t), as authp_user_t has them. NULL is
 * a list without any. */

int authp_identities_count(const apr_array_header_t *list);
/* The identity at place `i`, in the list itself. */
authp_identity_t *authp_identities_at(const apr_array_header_t *list, int i);

/* The identity of that provider's name, in the list itself; NULL if there is none. */
authp_identity_t *authp_identities_of(const apr_array_header_t *list, const char *provider);
/* The same by issuer and sub. */
authp_identity_t *authp_identities_find(const apr_array_header_t *list, const char *issuer,
                                        const char *sub);

/* The first one of that issuer; NULL if there is none. */
authp_identity_t *authp_identities_issued(const apr_array_header_t *list, const char *issuer);

/* The entry of *list for this identity: the one with its issuer and sub, else the one with the
 * provider's name, else a new one. Makes *list if it is NULL. An entry with this issuer and sub
 * counts under any name, because a renamed provider must not get a second entry. */
authp_identity_t *authp_identities_place(apr_array_header_t **list, const char *provider,
                                         const char *issuer, const char *sub, apr_pool_t *pool);

/* True if both lists have the same identities with the same members, in whatever order. */
bool authp_identities_same(const apr_array_header_t *a, const apr_array_header_t *b);

/* A copy of the list, texts included; NULL if it is empty. */
apr_array_header_t *authp_identities_copy(const apr_array_header_t *list, apr_pool_t *pool);

/* True for the name of a provider: 1 to 63 of the characters a-z A-Z 0-9 _ and -. */
bool authp_identities_is_name(const char *name);
#define AUTHP_IDENTITY_NAME_LEN 63

/* AUTHP_E_INTERNAL (logged): the stores refuse the list. Each identity needs an issuer, a sub, and
 * a provider's name of its own. Texts must be UTF-8 and not empty. */
AUTHP_CHECKED authp_err_t authp_identities_check(const apr_array_header_t *list);

#endif
