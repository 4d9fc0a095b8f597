/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_IDENTITIES_H
#define AUTHP_STORE_MONGODB_MONGO_IDENTITIES_H

#include "store/identities.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_impl.h"

/* Identities in the documents of accounts: {oauth: {NAME: {issuer, sub, email, picture, linked_at,
 * last_login}}}. What another program wrote under a name counts as an identity if it has a sub, and
 * an issuer; one of the name "google" needs no issuer. All else in `oauth` is left alone. */

/* Appends the document `key`. The list is not empty. */
void authp_mongo_identities_put(bson_t *out, const char *key, const apr_array_header_t *list);

/* Appends what $set and $unset need to make the list `before` equal to `after`. */
void authp_mongo_identities_change(bson_t *set, bson_t *unset, const apr_array_header_t *before,
                                   const apr_array_header_t *after);

/* Reads the document `key`. *out stays as it is if there is no identity in it. */
void authp_mongo_identities_get(authp_mongo_reader_t *reader, const char *key,
                                apr_array_header_t **out);

/* Appends the condition that an account has the identity `sub` of `issuer`, under any of the names
 * that this store knows. False if it knows none: then no account has one. */
bool authp_mongo_identities_match(const authp_mongo_t *m, bson_t *filter, const char *issuer,
                                  const char *sub);

#endif
