/* SPDX-License-Identifier: Apache-2.0 */
/* store/columns.def has a row for each member of the structs of store/model.h, in their order. */
#include "../unit/suite.h"
#include "columns_fixture.h"
#include "store/model.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

/* A struct that has one more member than the table has rows does not compile here, because a member
 * has no initializer. A struct with fewer members does not compile because there are too many
 * initializers. */
#define WHOLE_ID                                                                                   \
    {                                                                                              \
        .hex = "6d0000000000000000000001"                                                          \
    }
#define WHOLE_TEXT "text"
#define WHOLE_REF "cli"
#define WHOLE_JSON WHOLE_TEXT
#define WHOLE_TEXTS NULL
#define WHOLE_IDENTITIES NULL
#define WHOLE_BOOL true
#define WHOLE_INT 1
#define WHOLE_TIME 1
#define WHOLE_SALT                                                                                 \
    {                                                                                              \
        1                                                                                          \
    }

static const authp_user_t whole_user = {
#define USER(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};
static const authp_session_t whole_session = {
#define SESSION(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};
static const authp_invite_t whole_invite = {
#define INVITE(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};
static const authp_audit_t whole_audit = {
#define AUDIT(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};

static const authp_login_code_t whole_login_code = {
#define LOGIN_CODE(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};

static const authp_otp_code_t whole_otp_code = {
#define OTP_CODE(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};

static const authp_pending_admin_t whole_pending_admin = {
#define PENDING_ADMIN(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};

static const authp_data_key_t whole_data_key = {
#define DATA_KEY(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};

static const authp_mail_row_t whole_mail = {
#define OUTBOX(kind, member, field, flags) WHOLE_##kind,
#include "store/columns.def"
};

static const struct {
    const authp_columns_t *columns;
    const void *whole;
} tables[] = {{&authp_columns_user, &whole_user},
              {&authp_columns_session, &whole_session},
              {&authp_columns_invite, &whole_invite},
              {&authp_columns_audit, &whole_audit},
              {&authp_columns_login_code, &whole_login_code},
              {&authp_columns_otp_code, &whole_otp_code},
              {&authp_columns_pending_admin, &whole_pending_admin},
              {&authp_columns_data_key, &whole_data_key},
              {&authp_columns_outbox, &whole_mail}};

#define TABLES ((int)(sizeof(tables) / sizeof(tables[0])))

/* The members fill the struct: between two columns and after the last one there are only bytes for
 * alignment. */
START_TEST(they_fill_the_struct)
{
    const authp_columns_t *columns = tables[_i].columns;
    size_t end = 0;
    size_t widest = 1;
    for (int i = 0; i < columns->count; i++) {
        size_t align = columns_fixture_align(columns->list[i].kind);
        ck_assert_msg(columns->list[i].offset == (end + align - 1) / align * align,
                      "%s: a member before %s has no row", columns->table, columns->list[i].name);
        end = columns->list[i].offset + columns_fixture_size(columns->list[i].kind);
        widest = align > widest ? align : widest;
    }
    ck_assert_uint_eq((end + widest - 1) / widest * widest, columns->size);
}
END_TEST

/* Each row of the table describes the member at its offset. */
START_TEST(they_are_of_their_members)
{
    const authp_columns_t *columns = tables[_i].columns;
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        const void *at = authp_columns_at(column, tables[_i].whole);
        bool same = false;
        switch (column->kind) {
        case AUTHP_COLUMN_ID:
            same = strcmp(at, "6d0000000000000000000001") == 0;
            break;
        case AUTHP_COLUMN_TEXT:
        case AUTHP_COLUMN_JSON:
            same = strcmp(*(const char *const *)at, WHOLE_TEXT) == 0;
            break;
        case AUTHP_COLUMN_REF:
            same = strcmp(*(const char *const *)at, WHOLE_REF) == 0;
            break;
        case AUTHP_COLUMN_TEXTS:
        case AUTHP_COLUMN_IDENTITIES:
            same = *(apr_array_header_t *const *)at == NULL;
            break;
        case AUTHP_COLUMN_BOOL:
            same = *(const bool *)at;
            break;
        case AUTHP_COLUMN_INT:
        case AUTHP_COLUMN_TIME:
            same = *(const int64_t *)at == 1;
            break;
        case AUTHP_COLUMN_SALT:
            same = *(const unsigned char *)at == 1;
            break;
        case AUTHP_COLUMN_KINDS:
            break;
        }
        ck_assert_msg(same, "%s.%s", columns->table, column->name);
    }
}
END_TEST

/* The comparison of two rows sees a change of any single column. */
START_TEST(sameness_is_of_one_column)
{
    const authp_columns_t *columns = tables[_i].columns;
    union {
        authp_user_t user;
        authp_session_t session;
        authp_invite_t invite;
        authp_audit_t audit;
        authp_login_code_t login_code;
        authp_otp_code_t otp_code;
        authp_pending_admin_t pending_admin;
        authp_data_key_t data_key;
        authp_mail_row_t mail;
    } a, b;
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *changed = &columns->list[i];
        columns_fixture_fill(columns, &a, 0, pool);
        columns_fixture_fill(columns, &b, 15, pool);
        memcpy(authp_columns_in(changed, &b), authp_columns_at(changed, &a),
               columns_fixture_size(changed->kind));
        for (int j = 0; j < columns->count; j++) {
            ck_assert_msg(authp_columns_same(&columns->list[j], &a, &b) == (i == j), "%s.%s",
                          columns->table, columns->list[j].name);
        }
    }
    apr_pool_destroy(pool);
}
END_TEST

static const struct {
    const char *one;
    const char *other;
    bool same;
} lists[] = {{"", "", true},         {"a", "a", true},      {"a,b", "a,b", true},
             {"", "a", false},       {"a", "b", false},     {"a", "a,b", false},
             {"a,b", "a,c", false},  {"a,b", "b,a", false}, {"a", "A", false},
             {"a,b", "a,b,c", false}};

static apr_array_header_t *list_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    for (; *text != '\0'; text += strspn(text, ",")) {
        size_t len = strcspn(text, ",");
        APR_ARRAY_PUSH(list, const char *) = apr_pstrmemdup(pool, text, len);
        text += len;
    }
    return list;
}

/* A role that is added, removed or moved is a change, whichever of the two rows has it. */
START_TEST(sameness_of_lists)
{
    const authp_column_t *roles = authp_columns_user.list;
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    while (strcmp(roles->name, "roles") != 0) {
        roles++;
    }
    const authp_user_t one = {.roles = list_of(lists[_i].one, pool)};
    const authp_user_t other = {.roles = list_of(lists[_i].other, pool)};
    ck_assert_int_eq(authp_columns_same(roles, &one, &other), lists[_i].same);
    ck_assert_int_eq(authp_columns_same(roles, &other, &one), lists[_i].same);
    apr_pool_destroy(pool);
}
END_TEST

Suite *suite_columns(void)
{
    Suite *suite = suite_create("columns");
    TCase *tests = tcase_create("columns");
    tcase_add_loop_test(tests, they_fill_the_struct, 0, TABLES);
    tcase_add_loop_test(tests, they_are_of_their_members, 0, TABLES);
    tcase_add_loop_test(tests, sameness_is_of_one_column, 0, TABLES);
    tcase_add_loop_test(tests, sameness_of_lists, 0, (int)(sizeof(lists) / sizeof(lists[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
