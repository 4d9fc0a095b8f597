/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_SCHEMA_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_SCHEMA_H

#include "store/sql/sql_dialect.h"

/* The steps of the schema. They have the numbers and names of those of SQLite. */
#define AUTHP_POSTGRESQL_SCHEMA_STEPS 9
extern const authp_sql_migration_t authp_postgresql_schema_steps[AUTHP_POSTGRESQL_SCHEMA_STEPS];

/* How values are bound, written and read in its columns. */
#define AUTHP_POSTGRESQL_SCHEMA_KINDS                                                              \
    {                                                                                              \
        [AUTHP_COLUMN_ID] = {.value = "%s::bpchar"}, [AUTHP_COLUMN_TEXT] = {.value = "%s::text"},  \
        [AUTHP_COLUMN_REF] = {.value = "%s::text"}, [AUTHP_COLUMN_TEXTS] = {.value = "%s::text"},  \
        [AUTHP_COLUMN_BOOL] = {.value = "(%lld::bigint <> 0)",                                     \
                               .column = "{}::integer",                                            \
                               .absent = "false"},                                                 \
        [AUTHP_COLUMN_INT] = {.value = "%lld::bigint"},                                            \
        [AUTHP_COLUMN_TIME] = {.value = "to_timestamp(%lld::bigint / 1000.0)",                     \
                               .stored = "to_timestamp(nullif(%lld::bigint, 0) / 1000.0)",         \
                               .column = "coalesce((extract(epoch from {}) * 1000)::bigint, 0)",   \
                               .absent = "NULL"},                                                  \
        [AUTHP_COLUMN_SALT] = {.value =                                                            \
                                   "decode(translate(%s::text, '-_', '+/') || '=', 'base64')",     \
                               .column =                                                           \
                                   "translate(rtrim(encode({}, 'base64'), '='), '+/', '-_')",      \
                               .absent = "''"},                                                    \
        [AUTHP_COLUMN_IDENTITIES] = {.value = "%s::jsonb"},                                        \
        [AUTHP_COLUMN_JSON] = {.value = "%s::text"},                                               \
    }

#endif
