/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_COLUMNS_H
#define AUTHP_STORE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/* The columns of the row types of store/model.h as data, made from store/columns.def. */

/* What a member is, and so how each store keeps it. "Absent" is NULL for texts and 0 for times. */
typedef enum authp_column_kind_t {
    AUTHP_COLUMN_ID,   /* authp_id_t, always there; MongoDB: an ObjectId */
    AUTHP_COLUMN_TEXT, /* const char * */
    AUTHP_COLUMN_REF,  /* const char *: an id, or a word such as "cli"; MongoDB: ObjectId or text */
    AUTHP_COLUMN_TEXTS, /* apr_array_header_t * of const char *, never NULL; SQL: ",a,b," */
    AUTHP_COLUMN_BOOL,  /* bool */
    AUTHP_COLUMN_INT,   /* int64_t */
    AUTHP_COLUMN_TIME,  /* authp_ms_t */
    AUTHP_COLUMN_SALT,  /* unsigned char[AUTHP_SALT_LEN]; SQL: base64url text; MongoDB: binary */
    AUTHP_COLUMN_IDENTITIES, /* apr_array_header_t * of authp_identity_t, or NULL; SQL: JSON text,
                              * and rows of user_identities; MongoDB: a document for each */
    AUTHP_COLUMN_JSON, /* const char *: the JSON text of an object; SQL: text; MongoDB: a document
                        */
    AUTHP_COLUMN_KINDS
} authp_column_kind_t;

enum {
    AUTHP_COLUMN_FIXED = 1,     /* changes of a whole row leave it alone: user_update, otp_put,
                                   pending_admin_put, data_key_rewrap */
    AUTHP_COLUMN_STAMP = 2,     /* user_update always writes it */
    AUTHP_COLUMN_TOMBSTONE = 4, /* user_delete gives it a value; without it, it becomes absent */
    AUTHP_COLUMN_PERSONAL = 8,  /* user_forget makes it absent */
    AUTHP_COLUMN_NULL = 16,     /* MongoDB: an absent text is null, not left out */
    AUTHP_COLUMN_SPARSE = 32,   /* MongoDB: the integer 0 is left out */
    AUTHP_COLUMN_NEEDED = 64,   /* MongoDB: a document without the text cannot be used */
    AUTHP_COLUMN_FULL = 128     /* SQL: NOT NULL, so that a row without the text cannot move */
};

typedef struct authp_column_t {
    const char *name;  /* of the member, and of the column in SQL */
    const char *field; /* in MongoDB's documents */
    authp_column_kind_t kind;
    unsigned int flags;
    size_t offset; /* of the member in its struct */
} authp_column_t;

/* The tables in SQL, and the collections in MongoDB. */
#define AUTHP_TABLE_USERS "users"
#define AUTHP_TABLE_SESSIONS "refresh_tokens"
#define AUTHP_TABLE_INVITES "recruiter_invites"
#define AUTHP_TABLE_AUDIT "audit_log"
#define AUTHP_TABLE_FAILURES "login_failures"
#define AUTHP_TABLE_LOGIN_CODES "login_codes"
#define AUTHP_TABLE_TOKENS "used_tokens"
#define AUTHP_TABLE_OTP_CODES "otp_codes"
#define AUTHP_TABLE_TALLIES "tallies"
#define AUTHP_TABLE_PENDING_ADMINS "pending_admins"
#define AUTHP_TABLE_DATA_KEYS "data_keys"
#define AUTHP_TABLE_OUTBOX "outbox"

/* The field of MongoDB's users that holds the identities. */
#define AUTHP_FIELD_IDENTITIES "oauth"

typedef struct authp_columns_t {
    const char *table;
    size_t size; /* of the struct */
    const authp_column_t *list;
    int count;
} authp_columns_t;

/* No table has more columns than this. */
#define AUTHP_COLUMNS_MOST 24

extern const authp_columns_t authp_columns_user;
extern const authp_columns_t authp_columns_session;
extern const authp_columns_t authp_columns_invite;
extern const authp_columns_t authp_columns_audit;
extern const authp_columns_t authp_columns_login_code;
extern const authp_columns_t authp_columns_otp_code;
extern const authp_columns_t authp_columns_pending_admin;
extern const authp_columns_t authp_columns_data_key;
extern const authp_columns_t authp_columns_outbox;

/* Where the member is in `row`. */
static inline const void *authp_columns_at(const authp_column_t *column, const void *row)
{
    return (const char *)row + column->offset;
}

static inline void *authp_columns_in(const authp_column_t *column, void *row)
{
    return (char *)row + column->offset;
}

/* True if the member has the same value in both rows. */
bool authp_columns_same(const authp_column_t *column, const void *a, const void *b);

#endif
