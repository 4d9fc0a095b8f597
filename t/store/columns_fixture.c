/* SPDX-License-Identifier: Apache-2.0 */
#include "columns_fixture.h"
#include "store/model.h"

#include <apr_strings.h>
#include <check.h>
#include <string.h>

#define BASE_MS INT64_C(1795219200000)

static const char *id_text(int serial, int i, apr_pool_t *pool)
{
    return apr_psprintf(pool, "6d%010x%012x", (unsigned int)serial, (unsigned int)i);
}

/* One with all members, and one with none that may be absent. */
static apr_array_header_t *identities(const char *text, authp_ms_t at, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(list, authp_identity_t) =
        (authp_identity_t){.provider = "google",
                           .issuer = "https://accounts.example",
                           .sub = text,
                           .email = apr_pstrcat(pool, text, "@example.org", NULL),
                           .picture = apr_pstrcat(pool, "https://example.org/", text, NULL),
                           .linked_at = at,
                           .last_login = at + 1};
    APR_ARRAY_PUSH(list, authp_identity_t) =
        (authp_identity_t){.provider = "corp", .issuer = "https://corp.example", .sub = text};
    return list;
}

static void fill(const authp_column_t *column, void *at, int serial, int i, apr_pool_t *pool)
{
    const char *text = apr_psprintf(pool, "%s-%d", column->name, serial);
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        apr_cpystrn(((authp_id_t *)at)->hex, id_text(serial, i, pool), sizeof(authp_id_t));
        break;
    case AUTHP_COLUMN_TEXT:
        *(const char **)at = text;
        break;
    case AUTHP_COLUMN_REF:
        *(const char **)at = serial % 2 == 0 ? id_text(serial, i, pool) : text;
        break;
    case AUTHP_COLUMN_TEXTS: {
        apr_array_header_t *texts = apr_array_make(pool, 2, sizeof(const char *));
        APR_ARRAY_PUSH(texts, const char *) = text;
        APR_ARRAY_PUSH(texts, const char *) = "other";
        *(apr_array_header_t **)at = texts;
        break;
    }
    case AUTHP_COLUMN_INT:
        *(int64_t *)at = serial * 100 + i + 1;
        break;
    case AUTHP_COLUMN_TIME:
        *(int64_t *)at = BASE_MS + serial * 100 + i;
        break;
    case AUTHP_COLUMN_SALT:
        for (int byte = 0; byte < AUTHP_SALT_LEN; byte++) {
            ((unsigned char *)at)[byte] = (unsigned char)(serial * 31 + byte);
        }
        break;
    case AUTHP_COLUMN_IDENTITIES:
        *(apr_array_header_t **)at = identities(text, BASE_MS + serial * 100 + i, pool);
        break;
    case AUTHP_COLUMN_JSON:
        *(const char **)at = apr_psprintf(
            pool, "{\"%s\":{\"z\":%d,\"a\":[1.5,null,true]},\"other\":{}}", text, serial);
        break;
    case AUTHP_COLUMN_BOOL:
    case AUTHP_COLUMN_KINDS:
        break;
    }
}

void columns_fixture_fill(const authp_columns_t *columns, void *row, int serial, apr_pool_t *pool)
{
    int bools = 0;
    memset(row, 0, columns->size);
    for (int i = 0; i < columns->count; i++) {
        void *at = authp_columns_in(&columns->list[i], row);
        if (columns->list[i].kind == AUTHP_COLUMN_BOOL) {
            *(bool *)at = (serial >> bools++) % 2 != 0;
        } else {
            fill(&columns->list[i], at, serial, i, pool);
        }
    }
}

void columns_fixture_same(const authp_columns_t *columns, const void *a, const void *b,
                          unsigned int with, unsigned int without)
{
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        if ((with == 0 || (column->flags & with) != 0) && (column->flags & without) == 0) {
            ck_assert_msg(authp_columns_same(column, a, b), "%s.%s differs", columns->table,
                          column->name);
        }
    }
}

const char *columns_fixture_changed(const authp_columns_t *columns, const void *before,
                                    const void *after, apr_pool_t *pool)
{
    const char *names = "";
    for (int i = 0; i < columns->count; i++) {
        if (!authp_columns_same(&columns->list[i], before, after)) {
            names =
                apr_pstrcat(pool, names, *names != '\0' ? " " : "", columns->list[i].name, NULL);
        }
    }
    return names;
}
