/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MODEL_H
#define AUTHP_STORE_MODEL_H

#include "base/clock.h"
#include "base/id.h"

#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

/* The records of the stores, as plain structs. A NULL string and a time of 0 mean "absent". Strings
 * belong to the pool that the struct was read into. Each member of authp_user_t, authp_session_t,
 * authp_invite_t, authp_audit_t, authp_login_code_t, authp_otp_code_t, authp_pending_admin_t,
 * authp_data_key_t and authp_mail_row_t has a row in store/columns.def. */

/* The name of a person at an identity provider. issuer and sub together are unique over all
 * accounts. store/identities.h has functions for lists of them. */
typedef struct authp_identity_t {
    const char *provider; /* its name in the settings; an account has at most one of each name */
    const char *issuer;
    const char *sub;
    const char *email; /* as the provider last told it; not the account's own */
    const char *picture;
    authp_ms_t linked_at;
    authp_ms_t last_login;
} authp_identity_t;

/* The greatest number of identities that services give to one account. */
#define AUTHP_IDENTITIES_MOST 16

typedef struct authp_user_t {
    authp_id_t id;
    const char *email; /* lower-case */
    const char *username;
    const char *phone; /* E.164: "+919876543210" */
    const char *name;
    const char *password_hash;
    apr_array_header_t *roles; /* the stored roles (const char *); never NULL */
    bool is_recruiter_verified;
    authp_ms_t recruiter_requested_at;
    apr_array_header_t *identities; /* of authp_identity_t (no pointers); NULL = none */
    bool email_verified;
    bool disabled;
    int64_t ver;     /* grows with every change that matters to authorization */
    int64_t min_ver; /* tokens and sessions with a lower ver are invalid */
    authp_ms_t auth_changed_at;
    authp_ms_t created_at;
    authp_ms_t updated_at; /* grows with every change */
    /* What a front end keeps about the person in each role, as the JSON text of an object
     * {role: {personal_info, stats, job_id}}; NULL = none. It has no NUL in a name, and nests at
     * most AUTHP_JSON_STORED_DEPTH deep (base/json.h). A store may give back another text of the
     * same value. */
    const char *profiles;
    authp_ms_t phone_used_at; /* when the owner last signed in by `phone` */
} authp_user_t;

#define AUTHP_SALT_LEN 32

/* A session is one sign-in of a device. It has one row, whatever the number of rotations. */
typedef struct authp_session_t {
    authp_id_t id; /* the sid of tokens */
    authp_id_t user_id;
    int64_t ver; /* ver of the user when the password was checked */
    unsigned char salt[AUTHP_SALT_LEN];
    int64_t generation;
    authp_ms_t rotated_at;
    authp_ms_t auth_time; /* when a password or a provider last proved the identity */
    authp_ms_t created_at;
    authp_ms_t last_used_at;
    authp_ms_t expires_at;          /* idle limit */
    authp_ms_t absolute_expires_at; /* never changes */
    authp_ms_t ended_at;            /* 0 while the session lives */
    const char *end_reason;
    const char *device_id;
    const char *ip;
    const char *user_agent;
} authp_session_t;

/* Describes which sessions end, and why. */
typedef struct authp_end_t {
    const char *except_sid; /* this session does not end; NULL = all of them end */
    const char *reason;
    authp_ms_t now;
} authp_end_t;

typedef struct authp_ended_t {
    authp_id_t id;
    authp_ms_t ended_at;
} authp_ended_t;

/* What a page in the order of time has read, including rows that could not be used. */
typedef struct authp_seen_t {
    int rows;          /* number of rows that the store found; the limit, if there may be more */
    authp_ms_t newest; /* time of the last row; 0 if there is none */
} authp_seen_t;

typedef struct authp_audit_t {
    authp_id_t id;
    authp_ms_t at;
    const char *event;      /* "login", "register", "refresh_reuse", ... */
    const char *outcome;    /* "ok" or "denied" */
    const char *reason;     /* a problem code, an end reason, or the changed fields; may be NULL */
    const char *actor_id;   /* who did it: a user id or "cli"; may be NULL */
    const char *subject_id; /* the account or invite that the event is about; may be NULL */
    const char *session_id; /* may be NULL */
    const char *ip;         /* may be NULL */
    const char *request_id; /* may be NULL */
} authp_audit_t;

/* Selects the entries of a list of the audit. */
typedef struct authp_audit_filter_t {
    const char *person;   /* who did it, or whom it is about: an id, or "cli"; NULL = anybody */
    const char *event;    /* NULL = any */
    authp_ms_t since;     /* at or later */
    const char *after_id; /* NULL = from the start */
    int limit;
} authp_audit_filter_t;

/* An invite works for one person, once. */
typedef struct authp_invite_t {
    authp_id_t id;
    const char *email;     /* lower-case */
    const char *code_hash; /* SHA-256 of the code, 64 hex digits */
    authp_ms_t created_at;
    authp_ms_t expires_at;
    const char *created_by; /* user id or "cli" */
    authp_ms_t used_at;     /* 0 = not yet */
    const char *used_by;    /* user id */
    int64_t used_ver;       /* ver of that user when the invite was claimed */
    authp_ms_t revoked_at;
    const char *role; /* the role that it gives; NULL = recruiter */
} authp_invite_t;

/* A code by which a front end fetches its tokens after a sign-in at a provider. */
typedef struct authp_login_code_t {
    authp_id_t id;
    const char *code_hash; /* SHA-256 of the code, 64 hex digits */
    authp_id_t user_id;
    int64_t ver;           /* ver of that user when the code was made */
    const char *challenge; /* what the PKCE verifier must match (S256) */
    const char *device_id;
    authp_ms_t created_at;
    authp_ms_t expires_at;
    authp_ms_t used_at; /* 0 = not yet */
} authp_login_code_t;

/* The newest one-time code for one number. A number has one row at most. */
typedef struct authp_otp_code_t {
    authp_id_t id;
    const char *phone;
    authp_id_t code_id;       /* of this code: the next code of the number has another one */
    const char *purpose;      /* only a request for the same purpose may use it */
    const char *code_hmac;    /* 64 hex digits; NULL = a provider made the code and checks it */
    const char *provider;     /* which made it; NULL = none */
    int64_t attempts;         /* how many times it was checked */
    const char *bound_ip;     /* keyed hash of the address that it is for; NULL = any */
    const char *bound_device; /* the same of the device */
    authp_ms_t created_at;
    authp_ms_t expires_at;
    authp_ms_t used_at; /* 0 = not yet */
} authp_otp_code_t;

/* What is counted under one key: at most `most` in each window, which begins with the first one. */
typedef struct authp_tally_t {
    const char *key; /* a keyed hash of what is counted; 64 hex digits */
    int64_t most;    /* 0 = none at all */
    int64_t window_ms;
    authp_ms_t now;
} authp_tally_t;

typedef struct authp_tallied_t {
    int64_t count;    /* in the window */
    authp_ms_t until; /* the end of the window */
} authp_tallied_t;

/* Who asked to become an administrator, and has not yet shown that the number is theirs. A number
 * has one row at most. */
typedef struct authp_pending_admin_t {
    authp_id_t id;
    const char *email; /* lower-case */
    const char *phone;
    const char *name;
    const char *password_hash;
    const char *invite_id;  /* the invite that allows it; NULL = created_by does */
    const char *created_by; /* the administrator who allows it: a user id; may be NULL */
    authp_ms_t created_at;
    authp_ms_t expires_at;
} authp_pending_admin_t;

/* A key that seals data of the store, itself sealed ("wrapped") by a key that is derived from
 * JWT_SECRET_KEY. */
typedef struct authp_data_key_t {
    authp_id_t id;
    const char *wrapped;     /* the sealed text of the key's 32 bytes */
    const char *wrapped_by;  /* the name of the key that sealed it */
    authp_ms_t created_at;   /* when the key was made */
    authp_ms_t rewrapped_at; /* when it was last sealed again, by a newer key; 0 = never */
} authp_data_key_t;

/* A row of the outbox: a mail that waits, was sent, or was given up, and the link in the mail. A
 * mail waits exactly while due_at is not 0. */
typedef struct authp_mail_row_t {
    authp_id_t id;
    const char *kind;       /* "verify_email", ...: service/mail/mail_kind.h */
    const char *user_id;    /* the account that the mail is about; a random id if the mail is a
                               decoy; NULL = no account */
    const char *token_hash; /* SHA-256 of the link's token, 64 hex digits, unique; NULL = no link */
    const char *box;        /* what the link needs later, sealed by the token; NULL = no link */
    int64_t min_ver;        /* min_ver of the account when the link was made */
    authp_ms_t link_until;  /* the link counts until then; 0 = no link */
    authp_ms_t used_at;     /* when the link was used; 0 = not yet */
    const char *sealed;     /* the address and what the text needs, sealed by a data key; NULL once
                               the mail was sent */
    authp_ms_t due_at;      /* when to try next, or until when a claim lasts; 0 = does not wait */
    authp_ms_t claim_until; /* until when one process may be sending it; 0 = none is */
    int64_t tries;          /* how often sending was put off */
    authp_ms_t sent_at;     /* 0 = not sent */
    authp_ms_t failed_at;   /* when it was given up; 0 = it was not */
    const char *error;      /* why the last try failed, such as "550 5.1.1"; NULL = no try failed */
    authp_ms_t created_at;
    authp_ms_t give_up_at; /* no try begins after that time */
    authp_ms_t expires_at; /* a purge may remove the row after that time */
} authp_mail_row_t;

/* Which mails outbox_list lists. */
typedef enum authp_mail_state_t {
    AUTHP_MAIL_STATE_WAITING, /* due_at is not 0 */
    AUTHP_MAIL_STATE_FAILED   /* failed_at is not 0 */
} authp_mail_state_t;

/* What outbox_figures counts. */
typedef struct authp_mail_figures_t {
    int64_t waiting;      /* mails that wait */
    authp_ms_t oldest_at; /* the earliest created_at of those; 0 = none waits */
    authp_ms_t next_at;   /* the earliest due_at; 0 = none waits */
    int64_t failed;       /* mails that were given up and are not purged yet */
    int64_t sent;         /* mails that were sent and are not purged yet */
} authp_mail_figures_t;

/* The most data keys that data_key_list answers. */
#define AUTHP_DATA_KEYS_MOST 1000

/* The wrong passwords that all hosts have counted under one key: for a login (an e-mail address or
 * a username, whether an account has it or not), or for one device of one account. */
typedef struct authp_failures_t {
    int64_t count;
    authp_ms_t last_at; /* time of the latest one */
} authp_failures_t;

/* One more wrong password under `key`. */
typedef struct authp_failure_t {
    const char *key; /* a keyed hash of the login, or of device and account; 64 hex digits */
    authp_ms_t at;
    authp_ms_t forget_before; /* if the one before was earlier than this, counting starts again */
    authp_ms_t expires_at;    /* failure_get finds the count until then */
} authp_failure_t;

/* A page of a list. The order is by id. Ids begin with the time of their creation (base/id.h). */
typedef struct authp_page_t {
    const char *after_id; /* NULL = from the start */
    int limit;            /* at most this many rows; at least 1 */
} authp_page_t;

/* Whole rows of one table, as move_list reads them. */
typedef struct authp_rows_t {
    apr_array_header_t *list; /* pointers to the structs of the columns */
    int seen;                 /* number of rows that the store found */
    authp_id_t last;          /* the id of the last of them; "" if there is none */
} authp_rows_t;

/* The most rows that move_add takes at a time. */
#define AUTHP_MOVE_MOST 1000

typedef struct authp_user_filter_t {
    const char *email_prefix;    /* lower-case; NULL = any */
    const char *username_prefix; /* lower-case; NULL = any */
    const char *role;            /* a stored role; NULL = any */
    const char *after_id;        /* NULL = from the start */
    int limit;                   /* at most this many accounts; at least 1 */
    bool enabled_only;
} authp_user_filter_t;

/* What a purge may remove: rows whose time is earlier than these. */
typedef struct authp_purge_t {
    authp_ms_t sessions_before; /* ended_at; expires_at if the session has not ended */
    authp_ms_t users_before;    /* deleted_at */
    authp_ms_t invites_before;  /* expires_at; of used and revoked invites, too */
    authp_ms_t audit_before;    /* at; 0 = keep all */
    authp_ms_t failures_before; /* expires_at */
    authp_ms_t tokens_before;   /* expires_at of used tokens, login codes, tallies, and requests
                                   of administrators */
    authp_ms_t codes_before;    /* expires_at of one-time codes, also of used ones */
    authp_ms_t mails_before;    /* expires_at of mails that do not wait, or whose give_up_at is
                                   earlier, too */
    int batch;                  /* at most this many rows of each kind */
} authp_purge_t;

#endif
