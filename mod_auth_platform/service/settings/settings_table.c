/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_table.h"

#include "service/settings/role_permissions.h"

#include <apr_strings.h>

#define AT(kind, member) AUTHP_SETTING_AT(kind, authp_settings_t, member)
#define KEY_BYTES 32

/* All settings. A new setting needs a row here, a member in settings.h and an entry in
 * .env.example. */
const authp_setting_t authp_settings_table[] = {
    {"AUTH_STORE", AT(STORE, store), NULL, 0, 0},
    {"AUTH_STATE_DIR", AT(TEXT, state_dir), "/var/lib/auth_platform", 1, 1000},
    {"MONGODB_URI", AT(TEXT, mongodb_uri), NULL, 1, 4000},
    {"MONGODB_DB", AT(TEXT, mongodb_db), "auth_platform", 1, 63},
    {"DATABASE_URL", AT(TEXT, database_url), NULL, 1, 4000},
    {"AUTH_DB_SCHEMA", AT(TEXT, db_schema), NULL, 1, 63},
    {"AUTH_DB_PREPARED", AT(BOOL, db_prepared), "on", 0, 0},

    {"JWT_SECRET_KEY", AT(SECRET, jwt_secret), NULL, KEY_BYTES, 4096},
    {"JWT_SECRET_KEY_PREVIOUS", AT(SECRET, jwt_secret_previous), NULL, KEY_BYTES, 4096},
    {"JWT_ALGORITHM", AT(TEXT, jwt_algorithm), "HS256", 1, 20},
    {"JWT_KEY_FILE", AT(TEXT, jwt_key_file), NULL, 1, 1000},
    {"JWT_ISSUER", AT(TEXT, jwt_issuer), "auth_platform", 1, 255},
    {"JWT_AUDIENCE", AT(TEXT, jwt_audience), NULL, 1, 255},

    {"ACCESS_TOKEN_EXPIRE_MINUTES", AT(INT, access_token_minutes), NULL, 1, 43200},
    {"REFRESH_TOKEN_EXPIRE_DAYS", AT(INT, refresh_token_days), "7", 1, 365},
    {"REFRESH_TOKEN_ROTATION", AT(BOOL, refresh_token_rotation), "true", 0, 0},
    {"REFRESH_TOKEN_GRACE_SECONDS", AT(INT, refresh_token_grace), "10", 0, 60},
    {"SESSION_ABSOLUTE_DAYS", AT(INT, session_absolute_days), "90", 1, 3650},
    {"AUDIT_RETENTION_DAYS", AT(INT, audit_retention_days), "365", 0, 36500},

    {"PASSWORD_HASH", AT(HASH, password_argon2id), "bcrypt", 0, 0},
    {"BCRYPT_ROUNDS", AT(INT, bcrypt_rounds), "12", 4, 16},
    {"PASSWORD_MIN_LENGTH", AT(INT, password_min_length), "8", 8, 64},
    {"PASSWORD_REFUSE_COMMON", AT(BOOL, password_refuse_common), "true", 0, 0},
    {"PASSWORD_REFUSED_FILE", AT(TEXT, password_refused_file), NULL, 1, 1000},
    {"AUTH_BODY_LIMIT", AT(INT, body_limit), "16384", 1024, 1048576},

    {"BACKEND_CORS_ORIGINS", AT(ORIGINS, cors_origins), "[]", 0, 0},
    {"FRONTEND_URL", AT(TEXT, frontend_url), NULL, 1, 2000},
    {"SECURE_COOKIES", AT(BOOL, secure_cookies), "true", 0, 0},

    {"ROLES", AT(ROLES, roles), NULL, 0, 0},
    {"RECRUITER_REGISTRATION", AT(RECRUITER, recruiter_registration), "invite", 0, 0},
    {"SELF_SERVICE_ROLES", AT(ROLES, self_service_roles), NULL, 0, 0},
    {"ROLE_PERMISSIONS", AT(PERMISSIONS, role_permissions), AUTHP_ROLE_PERMISSIONS_USUAL, 0, 0},

    {"AUTH_LIMITS", AT(BOOL, limits), "on", 0, 0},
    {"AUTH_LIMIT_ADDRESS", AT(RATE, limit_address), "120/1m", 0, 0},
    {"AUTH_LIMIT_REGISTER", AT(RATE, limit_register), "20/1h", 0, 0},
    {"AUTH_LIMIT_ACCOUNT", AT(RATE, limit_account), "5/15m", 0, 0},

    {"APP_ENV", AT(APP_ENV, development), "production", 0, 0},
    {"OTP_PROVIDER", AT(CODES, otp_provider), NULL, 0, 0},
    {"MSG91_AUTH_KEY", AT(SECRET, msg91_auth_key), NULL, 1, 500},
    {"MSG91_TEMPLATE_ID", AT(TEXT, msg91_template_id), NULL, 1, 100},
    {"MSG91_BASE_URL", AT(TEXT, msg91_base_url), "https://control.msg91.com", 1, 500},
    {"OTP_LENGTH", AT(INT, otp_length), "6", 4, 9},
    {"OTP_EXPIRE_MINUTES", AT(INT, otp_expire_minutes), "5", 1, 60},
    {"OTP_MAX_ATTEMPTS", AT(INT, otp_max_attempts), "5", 1, 20},
    {"OTP_LIMIT_PHONE", AT(RATE, otp_limit_phone), "3/10m", 0, 0},
    {"OTP_LIMIT_ADDRESS", AT(RATE, otp_limit_address), "10/1h", 0, 0},
    {"OTP_LIMIT_PREFIX", AT(RATE, otp_limit_prefix), "60/10m", 0, 0},
    {"OTP_LIMIT_WRONG", AT(RATE, otp_limit_wrong), "10/1d", 0, 0},
    {"OTP_BUDGET_DAY", AT(INT, otp_budget_day), "1000", 1, 10000000},
    {"OTP_SEND_FAILED_STATUS", AT(INT, otp_send_failed_status), "500", 500, 599},
    {"PHONE_DEFAULT_COUNTRY", AT(TEXT, phone_default_country), "91", 1, 3},
    {"PHONE_COUNTRIES", AT(LIST, phone_countries), NULL, 1, 3},
    {"PHONE_IDLE_DAYS", AT(INT, phone_idle_days), "180", 0, 36500},

    {"MAIL_URL", AT(TEXT, mail_url), NULL, 1, 2000},
    {"MAIL_FROM", AT(TEXT, mail_from), NULL, 3, 320},
    {"PUBLIC_URL", AT(TEXT, public_url), NULL, 1, 300},
    {"MAIL_TLS", AT(MAIL_TLS, mail_tls_off), "required", 0, 0},
    {"MAIL_CA_FILE", AT(TEXT, mail_ca_file), NULL, 1, 1000},
    {"MAIL_TEMPLATE_DIR", AT(TEXT, mail_template_dir), NULL, 1, 1000},
    {"MAIL_NOTICES", AT(BOOL, mail_notices), "on", 0, 0},
    {"EMAIL_VERIFICATION", AT(VERIFICATION, email_verification_required), "optional", 0, 0},
    {"AUTH_LIMIT_MAIL", AT(RATE, limit_mail), "3/1h", 0, 0},

    {"GOOGLE_CLIENT_ID", AT(TEXT, google_client_id), NULL, 1, 500},
    {"GOOGLE_CLIENT_SECRET", AT(SECRET, google_client_secret), NULL, 8, 500},
    {"GOOGLE_OAUTH_REDIRECT_URI", AT(TEXT, google_redirect_uri), NULL, 1, 1000},
    {"GOOGLE_ISSUER", AT(TEXT, google_issuer), AUTHP_PROVIDER_GOOGLE_ISSUER, 1, 255},
    {"GOOGLE_EXTRA_CLIENT_IDS", AT(LIST, google_extra_client_ids), "[]", 1, 500},
    {"OIDC_PROVIDERS", AT(LIST, oidc_providers), "[]", 1, 32},
    {"OIDC_CA_FILE", AT(TEXT, oidc_ca_file), NULL, 1, 1000},
};

const int authp_settings_table_count =
    (int)(sizeof(authp_settings_table) / sizeof(authp_settings_table[0]));

void authp_settings_table_note_place(authp_loading_t *loading)
{
    apr_hash_set(loading->places, loading->name, APR_HASH_KEY_STRING, loading->where);
}

void authp_settings_table_complain(authp_loading_t *loading, const char *text)
{
    const char *place = apr_hash_get(loading->places, loading->name, APR_HASH_KEY_STRING);
    APR_ARRAY_PUSH(loading->errors, const char *) =
        apr_pstrcat(loading->pool, loading->name, " ", place != NULL ? place : loading->where, ": ",
                    text, NULL);
}
