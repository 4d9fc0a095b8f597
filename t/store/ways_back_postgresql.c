/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "postgresql_fixture.h"
#include "ways_back.h"

/* The schema of the test alone. The number of a dropped column stays used, so the order of columns
 * counts, and not their numbers. */
static const ways_back_t dialect = {
    .open = postgresql_fixture_open,
    .ask = postgresql_fixture_sql,
    .shape =
        "SELECT string_agg(line, '; ' ORDER BY line) FROM (SELECT table_name || ' ' || string_agg("
        "column_name || ' ' || data_type || ' ' || is_nullable || ' ' || "
        "coalesce(collation_name, '') || ' ' || coalesce(column_default, ''), ', ' "
        "ORDER BY ordinal_position) AS line FROM information_schema.columns "
        "WHERE table_schema = current_schema() GROUP BY table_name "
        "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()) AS lines"};

static void setup(void)
{
    postgresql_fixture_make();
    ways_back_begin(&dialect);
}

static void teardown(void)
{
    ways_back_end();
    postgresql_fixture_remove();
}

Suite *suite_ways_back_postgresql(void)
{
    return ways_back_suite("ways_back_postgresql", setup, teardown);
}
