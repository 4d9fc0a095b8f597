/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_table.h"

#include <apr_strings.h>
#include <stddef.h>

#define AT(member) offsetof(authp_settings_t, member)
#define KEY_BYTES 32

/* All settings. A new setting needs a row here, a member in settings.h and an entry in
 * .env.example. */
const authp_setting_t authp_settings_table[] = {
    {"AUTH_STORE", AUTHP_SETTING_STORE, AT(store), NULL, 0, 0},
    {"AUTH_STATE_DIR", AUTHP_SETTING_TEXT, AT(state_dir), "/var/lib/auth_platform", 1, 1000},
    {"MONGODB_URI", AUTHP_SETTING_TEXT, AT(mongodb_uri), NULL, 1, 4000},
    {"MONGODB_DB", AUTHP_SETTING_TEXT, AT(mongodb_db), "auth_platform", 1, 63},
    {"DATABASE_URL", AUTHP_SETTING_TEXT, AT(database_url), NULL, 1, 4000},

    {"JWT_SECRET_KEY", AUTHP_SETTING_SECRET, AT(jwt_secret), NULL, KEY_BYTES, 4096},
    {"JWT_SECRET_KEY_PREVIOUS", AUTHP_SETTING_SECRET, AT(jwt_secret_previous), NULL, KEY_BYTES,
     4096},
    {"JWT_ALGORITHM", AUTHP_SETTING_TEXT, AT(jwt_algorithm), "HS256", 1, 20},
    {"JWT_KEY_FILE", AUTHP_SETTING_TEXT, AT(jwt_key_file), NULL, 1, 1000},
    {"JWT_ISSUER", AUTHP_SETTING_TEXT, AT(jwt_issuer), "auth_platform", 1, 255},
    {"JWT_AUDIENCE", AUTHP_SETTING_TEXT, AT(jwt_audience), "auth_platform", 1, 255},

    {"ACCESS_TOKEN_EXPIRE_MINUTES", AUTHP_SETTING_INT, AT(access_token_minutes), "15", 1, 1440},
    {"REFRESH_TOKEN_EXPIRE_DAYS", AUTHP_SETTING_INT, AT(refresh_token_days), "7", 1, 365},
    {"REFRESH_TOKEN_ROTATION", AUTHP_SETTING_BOOL, AT(refresh_token_rotation), "true", 0, 0},
    {"REFRESH_TOKEN_GRACE_SECONDS", AUTHP_SETTING_INT, AT(refresh_token_grace), "10", 0, 60},
    {"SESSION_ABSOLUTE_DAYS", AUTHP_SETTING_INT, AT(session_absolute_days), "90", 1, 3650},
    {"AUDIT_RETENTION_DAYS", AUTHP_SETTING_INT, AT(audit_retention_days), "365", 0, 36500},

    {"BCRYPT_ROUNDS", AUTHP_SETTING_INT, AT(bcrypt_rounds), "12", 4, 16},
    {"PASSWORD_MIN_LENGTH", AUTHP_SETTING_INT, AT(password_min_length), "8", 8, 64},
    {"PASSWORD_REFUSE_COMMON", AUTHP_SETTING_BOOL, AT(password_refuse_common), "true", 0, 0},
    {"PASSWORD_REFUSED_FILE", AUTHP_SETTING_TEXT, AT(password_refused_file), NULL, 1, 1000},
    {"AUTH_BODY_LIMIT", AUTHP_SETTING_INT, AT(body_limit), "16384", 1024, 1048576},

    {"BACKEND_CORS_ORIGINS", AUTHP_SETTING_ORIGINS, AT(cors_origins), "[]", 0, 0},
    {"FRONTEND_URL", AUTHP_SETTING_TEXT, AT(frontend_url), NULL, 1, 2000},
    {"SECURE_COOKIES", AUTHP_SETTING_BOOL, AT(secure_cookies), "true", 0, 0},

    {"ROLES", AUTHP_SETTING_ROLES, AT(roles), "candidate,recruiter,admin", 0, 0},

    {"AUTH_LIMITS", AUTHP_SETTING_BOOL, AT(limits), "on", 0, 0},
    {"AUTH_LIMIT_ADDRESS", AUTHP_SETTING_RATE, AT(limit_address), "120/1m", 0, 0},
    {"AUTH_LIMIT_REGISTER", AUTHP_SETTING_RATE, AT(limit_register), "20/1h", 0, 0},
    {"AUTH_LIMIT_ACCOUNT", AUTHP_SETTING_RATE, AT(limit_account), "5/15m", 0, 0},

    {"GOOGLE_CLIENT_ID", AUTHP_SETTING_TEXT, AT(google_client_id), NULL, 1, 500},
    {"GOOGLE_CLIENT_SECRET", AUTHP_SETTING_SECRET, AT(google_client_secret), NULL, 8, 500},
    {"GOOGLE_OAUTH_REDIRECT_URI", AUTHP_SETTING_TEXT, AT(google_redirect_uri), NULL, 1, 1000},
    {"GOOGLE_ISSUER", AUTHP_SETTING_TEXT, AT(google_issuer), AUTHP_PROVIDER_GOOGLE_ISSUER, 1, 255},
    {"GOOGLE_EXTRA_CLIENT_IDS", AUTHP_SETTING_LIST, AT(google_extra_client_ids), "[]", 1, 500},
    {"OIDC_PROVIDERS", AUTHP_SETTING_LIST, AT(oidc_providers), "[]", 1, 32},
    {"OIDC_CA_FILE", AUTHP_SETTING_TEXT, AT(oidc_ca_file), NULL, 1, 1000},
};

const int authp_settings_table_count =
    (int)(sizeof(authp_settings_table) / sizeof(authp_settings_table[0]));

void authp_settings_table_complain(authp_loading_t *loading, const char *text)
{
    APR_ARRAY_PUSH(loading->errors, const char *) =
        apr_pstrcat(loading->pool, loading->name, " ", loading->where, ": ", text, NULL);
}
