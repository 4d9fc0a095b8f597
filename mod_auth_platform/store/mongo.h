/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGO_H
#define AUTHP_STORE_MONGO_H

#include "store/store.h"

/* The MongoDB store. It uses mongo-c-driver, with clients in an apr_reslist. It needs no
 * transactions, no partial indexes and no TTL indexes, so it also runs on servers that only have
 * MongoDB's protocol. */
extern const authp_store_ops_t authp_mongo_ops;

/* Removes the file /dev/shm/mongoc-PID, which libmongoc makes for its statistics when it is loaded
 * and removes at exit. A process of root that has become another user by then may not remove it,
 * and one that is killed does not. The next process with that number would print a warning of it.
 * The statistics themselves stay in memory. For main(), and for httpd's parent, which loads the
 * library anew at each restart. */
void authp_mongo_drop_counters(void);

#endif
