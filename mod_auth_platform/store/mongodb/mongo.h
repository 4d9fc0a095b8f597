/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_H
#define AUTHP_STORE_MONGODB_MONGO_H

#include "store/store.h"

/* The MongoDB store. It uses mongo-c-driver, with clients in an apr_reslist. It needs no
 * transactions, no partial indexes and no TTL indexes, so it also runs on servers that only have
 * MongoDB's protocol. */
extern const authp_store_ops_t authp_mongo_ops;

/* Removes the file /dev/shm/mongoc-PID. libmongoc makes it for its statistics when it is loaded,
 * and removes it at exit. But a process of root that has become another user cannot remove it, and
 * a killed process does not. Then the next process with the same id prints a warning of libmongoc.
 * The statistics themselves stay in memory. Called by main(), and by httpd's parent, which loads
 * the library again at each restart. */
void authp_mongo_counters_drop(void);

#endif
