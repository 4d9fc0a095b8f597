/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQLITE_SQLITE_H
#define AUTHP_STORE_SQLITE_SQLITE_H

#include "store/store.h"

/* The default store, which is embedded: one SQLite file, through apr_dbd. */
extern const authp_store_ops_t authp_sqlite_ops;

#endif
