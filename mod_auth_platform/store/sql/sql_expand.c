/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql_expand.h"

#include <apr_strings.h>
#include <string.h>

static const char *const kind_names[AUTHP_COLUMN_KINDS] = {[AUTHP_COLUMN_ID] = "id",
                                                           [AUTHP_COLUMN_TEXT] = "text",
                                                           [AUTHP_COLUMN_REF] = "ref",
                                                           [AUTHP_COLUMN_TEXTS] = "texts",
                                                           [AUTHP_COLUMN_BOOL] = "bool",
                                                           [AUTHP_COLUMN_INT] = "int",
                                                           [AUTHP_COLUMN_TIME] = "time",
                                                           [AUTHP_COLUMN_SALT] = "salt",
                                                           [AUTHP_COLUMN_IDENTITIES] = "identities",
                                                           [AUTHP_COLUMN_JSON] = "json"};

#define TEXT_KIND(nothing)                                                                         \
    {                                                                                              \
        .value = "%s", .column = "{}", .absent = (nothing)                                         \
    }
#define NUMBER_KIND                                                                                \
    {                                                                                              \
        .value = "%lld", .column = "{}", .absent = "0"                                             \
    }

static const authp_sql_kind_t defaults[AUTHP_COLUMN_KINDS] = {
    [AUTHP_COLUMN_ID] = TEXT_KIND("''"),
    [AUTHP_COLUMN_TEXT] = TEXT_KIND("NULL"),
    [AUTHP_COLUMN_REF] = TEXT_KIND("NULL"),
    [AUTHP_COLUMN_TEXTS] = TEXT_KIND("','"),
    [AUTHP_COLUMN_BOOL] = NUMBER_KIND,
    [AUTHP_COLUMN_INT] = NUMBER_KIND,
    [AUTHP_COLUMN_TIME] = NUMBER_KIND,
    [AUTHP_COLUMN_SALT] = TEXT_KIND("''"),
    [AUTHP_COLUMN_IDENTITIES] = TEXT_KIND("NULL"),
    [AUTHP_COLUMN_JSON] = TEXT_KIND("NULL")};

static const char *value_of(const authp_sql_dialect_t *dialect, authp_column_kind_t kind)
{
    const char *own = dialect->kinds[kind].value;
    return own != NULL ? own : defaults[kind].value;
}

static const char *stored_of(const authp_sql_dialect_t *dialect, authp_column_kind_t kind)
{
    const char *own = dialect->kinds[kind].stored;
    return own != NULL ? own : value_of(dialect, kind);
}

static const char *absent_of(const authp_sql_dialect_t *dialect, authp_column_kind_t kind)
{
    const char *own = dialect->kinds[kind].absent;
    return own != NULL ? own : defaults[kind].absent;
}

static const char *column_of(const authp_sql_dialect_t *dialect, authp_column_kind_t kind,
                             const char *name, apr_pool_t *pool)
{
    const char *own = dialect->kinds[kind].column;
    const char *text = own != NULL ? own : defaults[kind].column;
    const char *braces = strstr(text, "{}");
    return braces == NULL
               ? text
               : apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(braces - text)), name,
                             braces + 2, NULL);
}

/* False if no kind is called so. */
static bool find_kind(const char *name, size_t len, authp_column_kind_t *out)
{
    for (int i = 0; i < AUTHP_COLUMN_KINDS; i++) {
        if (strlen(kind_names[i]) == len && strncmp(kind_names[i], name, len) == 0) {
            *out = (authp_column_kind_t)i;
            return true;
        }
    }
    return false;
}

/* What a list says of each column that has all the flags `with` and none of `without`. */
typedef enum list_part_t {
    PART_READ,
    PART_NAME,
    PART_VALUE,
    PART_CHANGE,
    PART_REPLACE,
    PART_ABSENT
} list_part_t;

typedef struct list_t {
    const char *word;
    list_part_t part;
    unsigned int with;
    unsigned int without;
} list_t;

static const list_t lists[] = {
    {"columns", PART_READ, 0, 0},
    {"names", PART_NAME, 0, 0},
    {"values", PART_VALUE, 0, 0},
    {"changes", PART_CHANGE, 0, AUTHP_COLUMN_FIXED},
    {"replaced", PART_REPLACE, 0, AUTHP_COLUMN_FIXED},
    {"emptied", PART_ABSENT, 0, AUTHP_COLUMN_TOMBSTONE},
    {"forgotten", PART_ABSENT, AUTHP_COLUMN_PERSONAL, 0},
};

static const char *part_of(const authp_sql_dialect_t *dialect, const authp_column_t *column,
                           list_part_t part, apr_pool_t *pool)
{
    switch (part) {
    case PART_READ:
        return column_of(dialect, column->kind, column->name, pool);
    case PART_NAME:
        return column->name;
    case PART_VALUE:
        return stored_of(dialect, column->kind);
    case PART_CHANGE:
        return apr_pstrcat(pool, column->name, " = ", stored_of(dialect, column->kind), NULL);
    case PART_REPLACE:
        return apr_pstrcat(pool, column->name, " = excluded.", column->name, NULL);
    case PART_ABSENT:
        return apr_pstrcat(pool, column->name, " = ", absent_of(dialect, column->kind), NULL);
    }
    return "";
}

static const char *list_of(const authp_sql_dialect_t *dialect, const authp_columns_t *columns,
                           const list_t *list, apr_pool_t *pool)
{
    const char *out = "";
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        if ((column->flags & list->with) == list->with && (column->flags & list->without) == 0) {
            out = apr_pstrcat(pool, out, *out != '\0' ? ", " : "",
                              part_of(dialect, column, list->part, pool), NULL);
        }
    }
    return out;
}

/* "absent:column" and "present:column"; NULL if `word` is neither. */
static const char *presence(const authp_sql_dialect_t *dialect, const char *word, apr_pool_t *pool)
{
    static const char absent[] = "absent:";
    static const char present[] = "present:";
    bool is_absent = strncmp(word, absent, sizeof(absent) - 1) == 0;
    if (!is_absent && strncmp(word, present, sizeof(present) - 1) != 0) {
        return NULL;
    }
    const char *name = strchr(word, ':') + 1;
    if (dialect->absent_is_null) {
        return apr_pstrcat(pool, name, is_absent ? " IS NULL" : " IS NOT NULL", NULL);
    }
    return apr_pstrcat(pool, name, is_absent ? " = " : " > ", absent_of(dialect, AUTHP_COLUMN_TIME),
                       NULL);
}

/* "table:name", and "table", which is that of `columns`; NULL if `word` is neither. The schema is a
 * setting, which has no quotation mark. */
static const char *table_of(const char *schema, const authp_columns_t *columns, const char *word,
                            apr_pool_t *pool)
{
    static const char table[] = "table:";
    bool named = strncmp(word, table, sizeof(table) - 1) == 0;
    if (!named && (columns == NULL || strcmp(word, "table") != 0)) {
        return NULL;
    }
    const char *name = named ? word + sizeof(table) - 1 : columns->table;
    return schema == NULL ? name : apr_pstrcat(pool, "\"", schema, "\".", name, NULL);
}

/* What stands for `word`, the text between two braces, if it is no table; NULL if it is unknown. */
static const char *meaning(const authp_sql_dialect_t *dialect, const authp_columns_t *columns,
                           const char *word, apr_pool_t *pool)
{
    authp_column_kind_t kind = AUTHP_COLUMN_KINDS;
    const char *colon = strchr(word, ':');
    const char *condition = presence(dialect, word, pool);
    if (condition != NULL) {
        return condition;
    }
    if (word[0] == '?') {
        return find_kind(word + 1, strlen(word + 1), &kind) ? value_of(dialect, kind) : NULL;
    }
    if (colon != NULL) {
        return find_kind(word, (size_t)(colon - word), &kind)
                   ? column_of(dialect, kind, colon + 1, pool)
                   : NULL;
    }
    if (strcmp(word, "no") == 0) {
        return absent_of(dialect, AUTHP_COLUMN_BOOL);
    }
    if (strcmp(word, "none") == 0) {
        return absent_of(dialect, AUTHP_COLUMN_TIME);
    }
    for (size_t i = 0; columns != NULL && i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(word, lists[i].word) == 0) {
            return list_of(dialect, columns, &lists[i], pool);
        }
    }
    return NULL;
}

const char *authp_sql_expand_pick(const authp_sql_dialect_t *dialect,
                                  const authp_sql_statement_t *statement)
{
    for (int i = 0; i < AUTHP_SQL_VARIANTS && statement->variants[i].dialect != NULL; i++) {
        if (strcmp(statement->variants[i].dialect, dialect->name) == 0) {
            return statement->variants[i].text;
        }
    }
    return statement->text;
}

const char *authp_sql_expand(const authp_sql_dialect_t *dialect, const char *schema,
                             const authp_sql_statement_t *statement, apr_pool_t *pool)
{
    const char *rest = authp_sql_expand_pick(dialect, statement);
    const char *out = "";
    for (const char *open = strchr(rest, '{'); open != NULL; open = strchr(rest, '{')) {
        const char *shut = strchr(open, '}');
        if (shut == NULL) {
            break;
        }
        const char *word = apr_pstrmemdup(pool, open + 1, (apr_size_t)(shut - open - 1));
        const char *stands = table_of(schema, statement->columns, word, pool);
        if (stands == NULL) {
            stands = meaning(dialect, statement->columns, word, pool);
        }
        if (stands == NULL) {
            stands = apr_pstrcat(pool, "{", word, "}", NULL);
        }
        out = apr_pstrcat(pool, out, apr_pstrmemdup(pool, rest, (apr_size_t)(open - rest)), stands,
                          NULL);
        rest = shut + 1;
    }
    return apr_pstrcat(pool, out, rest, NULL);
}
