/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MODEL_H
#define AUTHP_STORE_MODEL_H

#include "base/clock.h"
#include "base/id.h"

#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

/* What the stores hold (contract 6), as plain structs. NULL strings and zero times are "absent".
 * Strings belong to the pool the struct was read into. */
typedef struct authp_user_t {
    authp_id_t id;
    const char *email; /* lower-case */
    const char *username;
    const char *phone;
    const char *name;
    const char *password_hash;
    apr_array_header_t *roles; /* const char *, the stored ones; never NULL */
    bool is_recruiter_verified;
    authp_ms_t recruiter_requested_at;
    bool email_verified;
    bool disabled;
    int64_t ver;     /* counts every change that matters to authorization */
    int64_t min_ver; /* tokens and sessions older than this are dead */
    authp_ms_t auth_changed_at;
    authp_ms_t created_at;
    authp_ms_t updated_at; /* every change moves it forward */
} authp_user_t;

#define AUTHP_SALT_LEN 32

/* One row for each device sign-in, whatever the number of rotations. */
typedef struct authp_session_t {
    authp_id_t id; /* sid */
    authp_id_t user_id;
    int64_t ver; /* the user's when the password was checked */
    unsigned char salt[AUTHP_SALT_LEN];
    int64_t generation;
    authp_ms_t rotated_at;
    authp_ms_t auth_time; /* when a password or provider last proved the person */
    authp_ms_t created_at;
    authp_ms_t last_used_at;
    authp_ms_t expires_at;          /* idle limit */
    authp_ms_t absolute_expires_at; /* never moves */
    authp_ms_t ended_at; /* 0 while it lives; `revoked` of the contract is ended_at != 0 */
    const char *end_reason;
    const char *device_id;
    const char *ip;
    const char *user_agent;
} authp_session_t;

/* How sessions are ended. */
typedef struct authp_end_t {
    const char *except_sid; /* NULL = none is spared */
    const char *reason;
    authp_ms_t now;
} authp_end_t;

typedef struct authp_ended_t {
    authp_id_t id;
    authp_ms_t ended_at;
} authp_ended_t;

/* How far a page in the order of time went, with the rows that could not be used. */
typedef struct authp_seen_t {
    int rows;          /* number of rows that the store found; the limit, if there may be more */
    authp_ms_t newest; /* time of the last row; 0 if there is none */
} authp_seen_t;

typedef struct authp_audit_t {
    authp_id_t id;
    authp_ms_t at;
    const char *event;      /* "login", "register", "refresh_reuse", ... */
    const char *outcome;    /* "ok" or "denied" */
    const char *reason;     /* a problem code or end reason; may be NULL */
    const char *actor_id;   /* user id or "cli"; may be NULL */
    const char *subject_id; /* user id the event is about; may be NULL */
    const char *session_id; /* may be NULL */
    const char *ip;         /* may be NULL */
    const char *request_id; /* may be NULL */
} authp_audit_t;

/* Entries that a list of the audit has. */
typedef struct authp_audit_filter_t {
    const char *person;   /* who did it, or whom it is about: an id, or "cli"; NULL = anybody */
    const char *event;    /* NULL = any */
    authp_ms_t since;     /* at or later */
    const char *after_id; /* NULL = from the start */
    int limit;
} authp_audit_filter_t;

/* Good for one person, once (contract 3). */
typedef struct authp_invite_t {
    authp_id_t id;
    const char *email;     /* lower-case */
    const char *code_hash; /* SHA-256 of the code, 64 hex digits */
    authp_ms_t created_at;
    authp_ms_t expires_at;
    const char *created_by; /* user id or "cli" */
    authp_ms_t used_at;     /* 0 = not yet */
    const char *used_by;    /* user id */
    int64_t used_ver;       /* that user's ver when it was claimed */
    authp_ms_t revoked_at;
} authp_invite_t;

/* Passwords that were wrong, for one account or one device of it, by whatever host. */
typedef struct authp_failures_t {
    int64_t count;
    authp_ms_t last_at;
} authp_failures_t;

/* One more of them. */
typedef struct authp_failure_t {
    const char *key; /* stands for the account: a keyed hash, 64 hex digits */
    authp_ms_t at;
    authp_ms_t forget_before; /* if the last one before was earlier, counting begins anew */
    authp_ms_t expires_at;
} authp_failure_t;

/* What a list asks for. Order is by id, which is by creation. */
typedef struct authp_page_t {
    const char *after_id; /* NULL = from the start */
    int limit;            /* 1-200 */
} authp_page_t;

typedef struct authp_user_filter_t {
    const char *email_prefix; /* lower-case; NULL = any */
    const char *role;         /* a stored role; NULL = any */
    const char *after_id;     /* NULL = from the start */
    int limit;                /* 1-200 */
    bool enabled_only;
} authp_user_filter_t;

/* What purge may remove: rows whose time of interest lies before these. */
typedef struct authp_purge_t {
    authp_ms_t sessions_before; /* ended_at, or expires_at of those never ended */
    authp_ms_t users_before;    /* deleted_at */
    authp_ms_t invites_before;  /* expires_at; used and revoked ones too */
    authp_ms_t audit_before;    /* at; 0 = keep all */
    authp_ms_t failures_before; /* expires_at */
    int batch;                  /* at most so many rows of each kind */
} authp_purge_t;

#endif
