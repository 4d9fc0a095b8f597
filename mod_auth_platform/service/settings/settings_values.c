/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_values.h"

#include "base/json.h"
#include "base/text.h"
#include "net/origin.h"
#include "service/settings/role_permissions.h"
#include "service/settings/roles.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define MAX_ROLES 32
/* A secret with fewer different bytes than this is a pattern. */
#define LEAST_DISTINCT 8
/* The longest secret of the table. */
#define SECRET_MOST 4096

static void *member(authp_loading_t *loading, const authp_setting_t *row)
{
    return (char *)loading->target + row->offset;
}

/* The value of plain decimal digits, at most `most`. -1 for other texts. */
static int parse_int(const char *text, int most)
{
    int value = 0;
    if (text[0] == '\0') {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (!apr_isdigit(*text) || value > most / 10) {
            return -1;
        }
        value = value * 10 + (*text - '0');
    }
    return value <= most ? value : -1;
}

static void set_int(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    int number = parse_int(value, row->most);
    if (number < row->least) {
        authp_settings_table_complain(loading, apr_psprintf(loading->pool,
                                                            "must be a whole number from %d to %d",
                                                            row->least, row->most));
        return;
    }
    *(int *)member(loading, row) = number;
}

static void set_bool(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    static const char *const words[] = {"false", "true", "off", "on", "0", "1", "no", "yes"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (authp_text_same(value, words[i])) {
            *(bool *)member(loading, row) = i % 2 == 1;
            return;
        }
    }
    authp_settings_table_complain(loading, "must be true or false");
}

/* Parses "120/1m": a count, and a time in s, m, h or d. */
static void set_rate(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    static const char units[] = "smhd";
    static const int seconds[] = {1, 60, 3600, 86400};
    const char *slash = strchr(value, '/');
    size_t len = strlen(value);
    const char *unit =
        slash != NULL && len >= 4 ? strchr(units, apr_tolower(value[len - 1])) : NULL;
    int count = -1;
    int time = -1;
    if (unit != NULL && *unit != '\0') {
        count =
            parse_int(apr_pstrmemdup(loading->pool, value, (apr_size_t)(slash - value)), 1000000);
        time = parse_int(
            apr_pstrmemdup(loading->pool, slash + 1, (apr_size_t)(value + len - 1 - (slash + 1))),
            1000);
    }
    if (count < 1 || time < 1) {
        authp_settings_table_complain(loading,
                                      "must be COUNT/TIME with a time such as 30s, 1m, 1h or 1d");
        return;
    }
    *(authp_rate_t *)member(loading, row) = (authp_rate_t){count, time * seconds[unit - units]};
}

static void set_text(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    size_t len = strlen(value);
    if (!authp_text_utf8(value, len, NULL) || authp_text_has_control(value, len)) {
        authp_settings_table_complain(loading, "must be text without control characters");
    } else if (len > (size_t)row->most) {
        authp_settings_table_complain(
            loading, apr_psprintf(loading->pool, "must be at most %d bytes", row->most));
    } else {
        *(const char **)member(loading, row) = apr_pstrdup(loading->pool, value);
    }
}

static bool is_sample(const char *value)
{
    static const char *const samples[] = {
        "change-me",   "changeme",     "change_me",    "replace-me",  "replace_me",
        "your-secret", "your_secret",  "example",      "placeholder", "secret-key",
        "supersecret", "replace_this", "replace-this", "change_this", "change-this"};
    char lower[SECRET_MOST + 1];
    bool seen[256] = {false};
    int distinct = 0;
    for (const char *at = value; *at != '\0'; at++) {
        distinct += !seen[(unsigned char)*at];
        seen[(unsigned char)*at] = true;
    }
    apr_cpystrn(lower, value, sizeof(lower));
    authp_text_lower(lower);
    bool sample = distinct < LEAST_DISTINCT;
    for (size_t i = 0; !sample && i < sizeof(samples) / sizeof(samples[0]); i++) {
        sample = strstr(lower, samples[i]) != NULL;
    }
    authp_secret_wipe(lower, sizeof(lower));
    return sample;
}

static void set_secret(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    size_t len = strlen(value);
    if (len < (size_t)row->least || len > (size_t)row->most) {
        authp_settings_table_complain(
            loading, apr_psprintf(loading->pool,
                                  "is %" APR_SIZE_T_FMT
                                  " bytes, needs %d to %d (make one with `authplatform "
                                  "secret`)",
                                  len, row->least, row->most));
    } else if (row->least >= 32 && is_sample(value)) {
        authp_settings_table_complain(
            loading,
            "is a sample or a pattern, not a secret (make one with `authplatform secret`)");
    } else {
        *(authp_secret_t **)member(loading, row) = authp_secret_make(value, len, loading->pool);
    }
}

static bool add_origin(authp_loading_t *loading, apr_array_header_t *origins, const char *text)
{
    const char *origin = NULL;
    if (text == NULL || authp_origin_parse(text, false, &origin, loading->pool) != AUTHP_OK) {
        authp_settings_table_complain(
            loading,
            "must be a list of origins such as [\"https://app.example.org\"], without paths and without *");
        return false;
    }
    APR_ARRAY_PUSH(origins, const char *) = origin;
    return true;
}

/* The text of a JSON string. NULL if it is no string, or has a NUL inside. */
static const char *whole_string(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

/* The elements of a list, which is written as JSON or comma separated. An element that is no text
 * is NULL. Returns NULL, having complained, if a JSON list is broken. */
static apr_array_header_t *elements(authp_loading_t *loading, const char *value)
{
    apr_array_header_t *list = apr_array_make(loading->pool, 4, sizeof(const char *));
    char *text = authp_text_trim(value, loading->pool);
    if (text[0] != '[') {
        char *last = NULL;
        for (char *each = apr_strtok(text, ",", &last); each != NULL;
             each = apr_strtok(NULL, ",", &last)) {
            APR_ARRAY_PUSH(list, const char *) = authp_text_trim(each, loading->pool);
        }
        return list;
    }
    json_t *json = NULL;
    size_t index = 0;
    json_t *each = NULL;
    if (authp_json_parse(text, strlen(text), &json, loading->pool) != AUTHP_OK) {
        authp_settings_table_complain(loading, "is not a JSON list");
        return NULL;
    }
    json_array_foreach(json, index, each)
    {
        APR_ARRAY_PUSH(list, const char *) = whole_string(each);
    }
    return list;
}

static void set_origins(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    apr_array_header_t *origins = apr_array_make(loading->pool, 2, sizeof(const char *));
    const apr_array_header_t *texts = elements(loading, value);
    if (texts == NULL) {
        return;
    }
    bool good = true;
    for (int i = 0; i < texts->nelts && good; i++) {
        good = add_origin(loading, origins, APR_ARRAY_IDX(texts, i, const char *));
    }
    *(apr_array_header_t **)member(loading, row) = origins;
}

static void set_list(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    const apr_array_header_t *texts = elements(loading, value);
    if (texts == NULL) {
        return;
    }
    for (int i = 0; i < texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(texts, i, const char *);
        size_t len = text != NULL ? strlen(text) : 0;
        if (len < (size_t)row->least || len > (size_t)row->most ||
            !authp_text_utf8(text, len, NULL) || authp_text_has_control(text, len)) {
            authp_settings_table_complain(
                loading,
                apr_psprintf(loading->pool, "must be a list of texts of %d to %d bytes each",
                             row->least, row->most));
            return;
        }
    }
    *(const apr_array_header_t **)member(loading, row) = texts;
}

static void set_kind(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    static const char *const kinds[] = {[AUTHP_PROVIDER_OIDC] = "oidc",
                                        [AUTHP_PROVIDER_GITHUB] = "github",
                                        [AUTHP_PROVIDER_MICROSOFT] = "microsoft"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(value, kinds[i]) == 0) {
            *(authp_provider_kind_t *)member(loading, row) = (authp_provider_kind_t)i;
            return;
        }
    }
    authp_settings_table_complain(loading, "must be oidc, github or microsoft");
}

/* The member becomes true for the word `yes`, and false for the word `no`. */
static void set_either(authp_loading_t *loading, const authp_setting_t *row, const char *value,
                       const char *no, const char *yes)
{
    bool is_yes = strcmp(value, yes) == 0;
    if (!is_yes && strcmp(value, no) != 0) {
        authp_settings_table_complain(
            loading, apr_pstrcat(loading->pool, "must be ", no, " or ", yes, NULL));
        return;
    }
    *(bool *)member(loading, row) = is_yes;
}

static void set_hash(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    set_either(loading, row, value, "bcrypt", "argon2id");
}

static void set_mail_tls(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    set_either(loading, row, value, "required", "off");
}

static void set_verification(authp_loading_t *loading, const authp_setting_t *row,
                             const char *value)
{
    set_either(loading, row, value, "optional", "required");
}

static const char *const recruiter_words[] = {[AUTHP_RECRUITERS_BY_INVITE] = "invite",
                                              [AUTHP_RECRUITERS_PENDING] = "pending",
                                              [AUTHP_RECRUITERS_OPEN] = "open"};

const char *authp_settings_values_recruiter(authp_recruiter_registration_t way)
{
    return recruiter_words[way];
}

static void set_recruiter(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    for (size_t i = 0; i < sizeof(recruiter_words) / sizeof(recruiter_words[0]); i++) {
        if (strcmp(value, recruiter_words[i]) == 0) {
            *(authp_recruiter_registration_t *)member(loading, row) =
                (authp_recruiter_registration_t)i;
            return;
        }
    }
    authp_settings_table_complain(loading, "must be invite, pending or open");
}

static void set_app_env(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    /* Other programs that read the same file know more values: staging, dev, local. */
    *(bool *)member(loading, row) = strcmp(value, "development") == 0;
}

static const char *const codes_words[] = {
    [AUTHP_OTP_BY_NOBODY] = "-", [AUTHP_OTP_BY_MSG91] = "msg91", [AUTHP_OTP_BY_MOCK] = "mock"};

const char *authp_settings_values_codes(authp_otp_provider_t provider)
{
    return codes_words[provider];
}

static void set_codes(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    for (int i = AUTHP_OTP_BY_MSG91; i <= AUTHP_OTP_BY_MOCK; i++) {
        if (strcmp(value, codes_words[i]) == 0) {
            *(authp_otp_provider_t *)member(loading, row) = (authp_otp_provider_t)i;
            return;
        }
    }
    authp_settings_table_complain(loading, "must be msg91 or mock");
}

static void set_permissions(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    const apr_array_header_t *permissions = NULL;
    if (authp_role_permissions_parse(value, &permissions, loading->pool) != AUTHP_OK) {
        authp_settings_table_complain(
            loading,
            "must be a JSON object of role names with lists of words, such as {\"admin\": "
            "[\"read\", \"create\"]}: printable ASCII, 1 to 64 bytes each, 2,048 bytes together");
        return;
    }
    *(const apr_array_header_t **)member(loading, row) = permissions;
}

static void set_roles(authp_loading_t *loading, const authp_setting_t *row, const char *value)
{
    apr_array_header_t *roles = apr_array_make(loading->pool, 3, sizeof(const char *));
    char *last = NULL;
    char *copy = apr_pstrdup(loading->pool, value);
    for (char *each = apr_strtok(copy, ",", &last); each != NULL;
         each = apr_strtok(NULL, ",", &last)) {
        const char *name = authp_text_trim(each, loading->pool);
        if (!authp_roles_is_name(name) || authp_text_listed(name, roles) ||
            roles->nelts == MAX_ROLES) {
            authp_settings_table_complain(
                loading, "must be 1 to 32 different names of a-z, 0-9, _ and -, comma separated");
            return;
        }
        APR_ARRAY_PUSH(roles, const char *) = name;
    }
    *(apr_array_header_t **)member(loading, row) = roles;
    if (roles->nelts == 0) {
        authp_settings_table_complain(loading, "names no role");
    }
}

void authp_settings_values_set(authp_loading_t *loading, const authp_setting_t *row,
                               const char *value)
{
    typedef void set_fn(authp_loading_t *, const authp_setting_t *, const char *);
    static set_fn *const setters[] = {[AUTHP_SETTING_TEXT] = set_text,
                                      [AUTHP_SETTING_SECRET] = set_secret,
                                      [AUTHP_SETTING_INT] = set_int,
                                      [AUTHP_SETTING_BOOL] = set_bool,
                                      [AUTHP_SETTING_RATE] = set_rate,
                                      [AUTHP_SETTING_ORIGINS] = set_origins,
                                      [AUTHP_SETTING_ROLES] = set_roles,
                                      [AUTHP_SETTING_LIST] = set_list,
                                      [AUTHP_SETTING_KIND] = set_kind,
                                      [AUTHP_SETTING_HASH] = set_hash,
                                      [AUTHP_SETTING_RECRUITER] = set_recruiter,
                                      [AUTHP_SETTING_APP_ENV] = set_app_env,
                                      [AUTHP_SETTING_CODES] = set_codes,
                                      [AUTHP_SETTING_MAIL_TLS] = set_mail_tls,
                                      [AUTHP_SETTING_VERIFICATION] = set_verification,
                                      [AUTHP_SETTING_PERMISSIONS] = set_permissions};
    setters[row->kind](loading, row, value);
}
