/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_H

#include "store/store.h"

/* The SQL store on PostgreSQL. config.uri: what libpq takes, as a URI or as key=value. */
extern const authp_store_ops_t authp_postgresql_ops;

#endif
