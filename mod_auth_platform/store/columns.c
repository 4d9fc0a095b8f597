/* SPDX-License-Identifier: Apache-2.0 */
#include "store/columns.h"
#include "base/text.h"
#include "store/identities.h"

#include <string.h>

/* The type that a member of each kind must have: otherwise the row does not compile. */
#define TYPE_ID authp_id_t
#define TYPE_TEXT const char *
#define TYPE_REF const char *
#define TYPE_TEXTS apr_array_header_t *
#define TYPE_BOOL bool
#define TYPE_INT int64_t
#define TYPE_TIME authp_ms_t
#define TYPE_SALT unsigned char *
#define TYPE_IDENTITIES apr_array_header_t *
#define TYPE_JSON const char *

#define COLUMN(row_type, its_kind, member, its_field, its_flags)                                   \
    {.name = #member,                                                                              \
     .field = (its_field),                                                                         \
     .kind = AUTHP_COLUMN_##its_kind,                                                              \
     .flags = (its_flags),                                                                         \
     .offset = offsetof(row_type, member) +                                                        \
               (size_t) _Generic(((row_type *)0)->member, TYPE_##its_kind : 0)},

#define COLUMNS(row_type, its_table, its_list)                                                     \
    {                                                                                              \
        .table = (its_table), .size = sizeof(row_type), .list = (its_list),                        \
        .count = sizeof(its_list) / sizeof((its_list)[0])                                          \
    }

static const authp_column_t of_user[] = {
#define USER(kind, member, field, flags) COLUMN(authp_user_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_session[] = {
#define SESSION(kind, member, field, flags) COLUMN(authp_session_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_invite[] = {
#define INVITE(kind, member, field, flags) COLUMN(authp_invite_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_audit[] = {
#define AUDIT(kind, member, field, flags) COLUMN(authp_audit_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_login_code[] = {
#define LOGIN_CODE(kind, member, field, flags)                                                     \
    COLUMN(authp_login_code_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_otp_code[] = {
#define OTP_CODE(kind, member, field, flags) COLUMN(authp_otp_code_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_pending_admin[] = {
#define PENDING_ADMIN(kind, member, field, flags)                                                  \
    COLUMN(authp_pending_admin_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_data_key[] = {
#define DATA_KEY(kind, member, field, flags) COLUMN(authp_data_key_t, kind, member, field, flags)
#include "store/columns.def"
};

static const authp_column_t of_outbox[] = {
#define OUTBOX(kind, member, field, flags) COLUMN(authp_mail_row_t, kind, member, field, flags)
#include "store/columns.def"
};

const authp_columns_t authp_columns_user = COLUMNS(authp_user_t, AUTHP_TABLE_USERS, of_user);
const authp_columns_t authp_columns_session =
    COLUMNS(authp_session_t, AUTHP_TABLE_SESSIONS, of_session);
const authp_columns_t authp_columns_invite =
    COLUMNS(authp_invite_t, AUTHP_TABLE_INVITES, of_invite);
const authp_columns_t authp_columns_audit = COLUMNS(authp_audit_t, AUTHP_TABLE_AUDIT, of_audit);
const authp_columns_t authp_columns_login_code =
    COLUMNS(authp_login_code_t, AUTHP_TABLE_LOGIN_CODES, of_login_code);
const authp_columns_t authp_columns_otp_code =
    COLUMNS(authp_otp_code_t, AUTHP_TABLE_OTP_CODES, of_otp_code);
const authp_columns_t authp_columns_pending_admin =
    COLUMNS(authp_pending_admin_t, AUTHP_TABLE_PENDING_ADMINS, of_pending_admin);
const authp_columns_t authp_columns_data_key =
    COLUMNS(authp_data_key_t, AUTHP_TABLE_DATA_KEYS, of_data_key);
const authp_columns_t authp_columns_outbox =
    COLUMNS(authp_mail_row_t, AUTHP_TABLE_OUTBOX, of_outbox);

#define FITS(list) (sizeof(list) / sizeof((list)[0]) <= AUTHP_COLUMNS_MOST)
_Static_assert(FITS(of_user) && FITS(of_session) && FITS(of_invite) && FITS(of_audit) &&
                   FITS(of_login_code) && FITS(of_otp_code) && FITS(of_pending_admin) &&
                   FITS(of_data_key) && FITS(of_outbox),
               "raise AUTHP_COLUMNS_MOST");

static bool same_texts(const apr_array_header_t *a, const apr_array_header_t *b)
{
    bool same = a->nelts == b->nelts;
    for (int i = 0; same && i < a->nelts; i++) {
        same =
            authp_text_equal(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, i, const char *));
    }
    return same;
}

static bool same_salt(const unsigned char *a, const unsigned char *b)
{
    bool same = true;
    for (int i = 0; i < AUTHP_SALT_LEN; i++) {
        same = same && a[i] == b[i];
    }
    return same;
}

bool authp_columns_same(const authp_column_t *column, const void *a, const void *b)
{
    const void *one = authp_columns_at(column, a);
    const void *other = authp_columns_at(column, b);
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        return strcmp(((const authp_id_t *)one)->hex, ((const authp_id_t *)other)->hex) == 0;
    case AUTHP_COLUMN_TEXT:
    case AUTHP_COLUMN_REF:
    case AUTHP_COLUMN_JSON:
        return authp_text_equal(*(const char *const *)one, *(const char *const *)other);
    case AUTHP_COLUMN_TEXTS:
        return same_texts(*(apr_array_header_t *const *)one, *(apr_array_header_t *const *)other);
    case AUTHP_COLUMN_BOOL:
        return *(const bool *)one == *(const bool *)other;
    case AUTHP_COLUMN_INT:
    case AUTHP_COLUMN_TIME:
        return *(const int64_t *)one == *(const int64_t *)other;
    case AUTHP_COLUMN_SALT:
        return same_salt(one, other);
    case AUTHP_COLUMN_IDENTITIES:
        return authp_identities_same(*(apr_array_header_t *const *)one,
                                     *(apr_array_header_t *const *)other);
    case AUTHP_COLUMN_KINDS:
        break;
    }
    return false;
}
