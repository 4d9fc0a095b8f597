/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_H

#include "base/err.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>

struct authp_mail_url_t;
struct authp_refused_t;

/* "120/1m": at most `count` in `seconds`. */
typedef struct authp_rate_t {
    int count;
    int seconds;
} authp_rate_t;

/* How a provider of identities proves who somebody is. */
typedef enum authp_provider_kind_t {
    AUTHP_PROVIDER_OIDC,     /* OpenID Connect: an id_token */
    AUTHP_PROVIDER_GITHUB,   /* OAuth 2.0 and GitHub's API */
    AUTHP_PROVIDER_MICROSOFT /* OpenID Connect; an address is proven by xms_edov */
} authp_provider_kind_t;

/* How people who register as recruiters become recruiters, RECRUITER_REGISTRATION. */
typedef enum authp_recruiter_registration_t {
    AUTHP_RECRUITERS_BY_INVITE, /* only who has an invite */
    AUTHP_RECRUITERS_PENDING,   /* anybody, once an administrator has verified the account */
    AUTHP_RECRUITERS_OPEN       /* anybody, at once */
} authp_recruiter_registration_t;

/* What sends one-time codes to phones, OTP_PROVIDER. */
typedef enum authp_otp_provider_t {
    AUTHP_OTP_BY_NOBODY, /* not set: there are no codes */
    AUTHP_OTP_BY_MSG91,
    AUTHP_OTP_BY_MOCK /* sends nothing and accepts fixed codes; for development */
} authp_otp_provider_t;

/* A provider of identities: Google, or one of OIDC_PROVIDERS. */
typedef struct authp_provider_t {
    const char *name;  /* "google", or [a-z][a-z0-9_]{0,31}; in routes and in stored identities */
    const char *label; /* for people */
    authp_provider_kind_t kind;
    const char *issuer;
    const char *client_id;
    authp_secret_t *client_secret;
    const char *redirect_uri;
    const char *redirect_path; /* the path of redirect_uri */
    const char *scopes;
    bool google; /* vouches for every address; its issuer has two spellings */
    const apr_array_header_t *email_domains; /* const char *, lower-case: the domains for whose
                                                addresses it vouches */
    const apr_array_header_t *audiences;     /* const char *: more client ids that its tokens for
                                                /google/token may name */
} authp_provider_t;

#define AUTHP_PROVIDER_GOOGLE_ISSUER "https://accounts.google.com"

/* All settings of .env and of the process environment, with their types and checked by the table in
 * settings_table.c. Read-only once loaded. A string is NULL only if its comment says so. */
typedef struct authp_settings_t {
    const char *source; /* for error lines: the .env file, or "the environment" */

    const char *store;       /* resolved AUTH_STORE: "sqlite", "mongodb", "postgresql" */
    const char *sqlite_file; /* resolved path */
    const char *state_dir;   /* AUTH_STATE_DIR=/var/lib/auth_platform, absolute */
    const char *mongodb_uri; /* NULL if unset */
    const char *mongodb_db;
    const char *database_url; /* NULL if unset */
    const char *db_schema;    /* NULL if unset */
    bool db_prepared;

    authp_secret_t *jwt_secret;
    authp_secret_t *jwt_secret_previous; /* NULL if unset */
    const char *jwt_algorithm;           /* "HS256" */
    const char *jwt_key_file;            /* NULL if unset */
    const char *jwt_issuer;              /* JWT_ISSUER=auth_platform */
    const char *jwt_audience;            /* JWT_AUDIENCE=auth_platform */
    bool jwt_audience_set;               /* set, be it to the default */

    /* ACCESS_TOKEN_EXPIRE_MINUTES (1-43200). 0 if it is not set: each profile then has its own
     * lifetime. Only authp_terms_minutes() reads it. */
    int access_token_minutes;
    int refresh_token_days;      /* REFRESH_TOKEN_EXPIRE_DAYS=7 (1-365) */
    bool refresh_token_rotation; /* REFRESH_TOKEN_ROTATION=true */
    int refresh_token_grace;     /* REFRESH_TOKEN_GRACE_SECONDS=10 (0-60) */
    int session_absolute_days; /* SESSION_ABSOLUTE_DAYS=90 (1-3650), at least refresh_token_days */
    int audit_retention_days;  /* AUDIT_RETENTION_DAYS=365 (0-36500); 0 = for ever */

    bool password_argon2id;            /* PASSWORD_HASH=bcrypt: false, argon2id: true */
    int bcrypt_rounds;                 /* BCRYPT_ROUNDS=12 (4-16) */
    int password_min_length;           /* PASSWORD_MIN_LENGTH=8 (8-64) code points */
    bool password_refuse_common;       /* PASSWORD_REFUSE_COMMON=true: the built-in list */
    const char *password_refused_file; /* PASSWORD_REFUSED_FILE, NULL if unset */
    /* The lines of that file. NULL until authp_realm_make() reads it. */
    const struct authp_refused_t *password_refused;
    int body_limit; /* AUTH_BODY_LIMIT=16384 (1024-1048576) bytes */

    apr_array_header_t *cors_origins; /* const char *, normalised origins of BACKEND_CORS_ORIGINS
                                         (JSON list or comma separated); "*" refused */
    const char *frontend_url;         /* NULL if unset */
    const char *frontend_origin;      /* its origin, NULL if unset */
    bool secure_cookies;              /* SECURE_COOKIES=true */

    /* const char *, ROLES: 1-32 names of [a-z][a-z0-9_-]{0,31}. If it is not set: the role names of
     * all profiles, which httpd narrows to those of the mounted ones (httpd/check_roles.h). */
    apr_array_header_t *roles;
    bool roles_set;
    authp_recruiter_registration_t recruiter_registration; /* RECRUITER_REGISTRATION=invite */
    /* const char *, SELF_SERVICE_ROLES: the roles that people may choose at a phone mount, all of
     * them in `roles`. If it is not set: those of seeker and provider that `roles` has. */
    apr_array_header_t *self_service_roles;
    /* authp_role_permissions_t (role_permissions.h), ROLE_PERMISSIONS */
    const apr_array_header_t *role_permissions;

    bool limits;                 /* AUTH_LIMITS=on */
    authp_rate_t limit_address;  /* AUTH_LIMIT_ADDRESS=120/1m */
    authp_rate_t limit_register; /* AUTH_LIMIT_REGISTER=20/1h */
    authp_rate_t limit_account;  /* AUTH_LIMIT_ACCOUNT=5/15m */

    bool development;                  /* APP_ENV=production: false */
    authp_otp_provider_t otp_provider; /* OTP_PROVIDER */
    authp_secret_t *msg91_auth_key;    /* printable ASCII; NULL if unset */
    const char *msg91_template_id;     /* NULL if unset */
    const char *msg91_base_url;        /* without a slash at the end */
    int otp_length;                    /* OTP_LENGTH=6 (4-9) digits */
    int otp_expire_minutes;            /* OTP_EXPIRE_MINUTES=5 (1-60) */
    int otp_max_attempts;              /* OTP_MAX_ATTEMPTS=5 (1-20) for one code */
    authp_rate_t otp_limit_phone;      /* OTP_LIMIT_PHONE=3/10m */
    authp_rate_t otp_limit_address;    /* OTP_LIMIT_ADDRESS=10/1h */
    authp_rate_t otp_limit_prefix;     /* OTP_LIMIT_PREFIX=60/10m */
    authp_rate_t otp_limit_wrong;      /* OTP_LIMIT_WRONG=10/1d */
    int otp_budget_day;                /* OTP_BUDGET_DAY=1000 (1-10000000) codes */
    int otp_send_failed_status;        /* OTP_SEND_FAILED_STATUS=500 (500-599) */
    const char *phone_default_country; /* PHONE_DEFAULT_COUNTRY=91: 1-3 digits */
    /* const char *, PHONE_COUNTRIES: 1-3 digits each. If it is not set: the default country. */
    const apr_array_header_t *phone_countries;
    int phone_idle_days; /* PHONE_IDLE_DAYS=180 (0-36500); 0 = never */

    const char *mail_url; /* with a password: for no log and no message; NULL: no mail is sent */
    const struct authp_mail_url_t *mail_server; /* MAIL_URL, parsed (mail_url.h); NULL with it */
    const char *mail_from;                      /* NULL if unset */
    const char *mail_from_address;              /* the address in it; NULL with it */
    const char *mail_from_name;                 /* NULL: it has none */
    const char *public_url;           /* an origin in its normal form, without a slash at the end;
                                       * NULL if unset */
    const char *public_host;          /* its host, without a port; NULL with it */
    bool mail_tls_off;                /* MAIL_TLS=required: false */
    const char *mail_ca_file;         /* NULL if unset */
    const char *mail_template_dir;    /* NULL if unset */
    bool mail_notices;                /* MAIL_NOTICES=on */
    bool email_verification_required; /* EMAIL_VERIFICATION=optional: false */
    authp_rate_t limit_mail;          /* AUTH_LIMIT_MAIL=3/1h, for one address */

    const char *google_client_id;                      /* NULL if unset */
    authp_secret_t *google_client_secret;              /* NULL if unset */
    const char *google_redirect_uri;                   /* NULL if unset */
    const char *google_issuer;                         /* GOOGLE_ISSUER */
    const apr_array_header_t *google_extra_client_ids; /* const char * */
    const apr_array_header_t *oidc_providers;          /* const char *, the names */
    const char *oidc_ca_file;                          /* NULL if unset */
    /* authp_provider_t *, made from all of these and from OIDC_NAME_...; may be empty. */
    apr_array_header_t *providers;
} authp_settings_t;

/* A source of single values besides the file. `lookup` returns NULL if a name is not set. A value
 * from here takes precedence over the file. */
typedef struct authp_settings_env_t {
    const char *(*lookup)(void *ctx, const char *name);
    void *ctx;
} authp_settings_env_t;

const authp_settings_env_t *authp_settings_load_environment(void); /* getenv(3) */

/* Loads and checks all settings of the file `env_file` and of `env`. If `env_file` is NULL, only
 * `env` counts. AUTHP_OK: *out, in `pool`, has every setting. AUTHP_E_MALFORMED: *out does not
 * change, and *errors (const char *) has one line if the file cannot be used, otherwise one line
 * for each wrong setting, such as "JWT_SECRET_KEY in /etc/x/.env: is 12 bytes, needs 32 to 4096
 * (make one with `authplatform secret`)". No line has the value of a secret. Besides wrong values
 * these are refused: a key of the file that looks like a misspelt setting, a sample value of
 * JWT_SECRET_KEY or JWT_SECRET_KEY_PREVIOUS, and a MONGODB_URI or DATABASE_URL of another scheme.
 * Other unknown keys of the file are ignored. Reads the file, looks whether the files and folders
 * that settings name can be used, contacts no server, and creates nothing. authp_realm_store()
 * finds out whether this build has the store. */
AUTHP_CHECKED authp_err_t authp_settings_load(const char *env_file, const authp_settings_env_t *env,
                                              authp_settings_t **out, apr_array_header_t **errors,
                                              apr_pool_t *pool);

#endif
