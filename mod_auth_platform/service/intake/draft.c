/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/draft.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

#define GITHUB_ISSUER "https://github.com"
#define MS_FROM 100000000000LL /* a number from here on is in milliseconds */

void authp_draft_note(authp_draft_t *draft, const char *clause)
{
    APR_ARRAY_PUSH(draft->notes, const char *) = clause;
}

void authp_draft_role(authp_draft_t *draft, const char *role)
{
    if (role != NULL && *role != '\0' && draft->roles->nelts < AUTHP_DRAFT_ROLES_MOST &&
        !authp_text_listed(role, draft->roles)) {
        APR_ARRAY_PUSH(draft->roles, const char *) = role;
    }
}

void authp_draft_roles(authp_draft_t *draft, const json_t *value, apr_pool_t *pool)
{
    const char *text = authp_json_str(value);
    char *state = NULL;
    for (size_t i = 0; i < json_array_size(value); i++) {
        authp_draft_role(draft, authp_json_str(json_array_get(value, i)));
    }
    if (text == NULL) {
        return;
    }
    char *word = apr_strtok(apr_pstrdup(pool, text), " \t\r\n,;|", &state);
    for (; word != NULL; word = apr_strtok(NULL, " \t\r\n,;|", &state)) {
        authp_draft_role(draft, word);
    }
}

const char *authp_draft_issuer(const char *provider)
{
    static const char *const known[][2] = {
        {"google", AUTHP_PROVIDER_GOOGLE_ISSUER},
        {"google.com", AUTHP_PROVIDER_GOOGLE_ISSUER},
        {"google-oauth2", AUTHP_PROVIDER_GOOGLE_ISSUER},
        {"github", GITHUB_ISSUER},
        {"github.com", GITHUB_ISSUER},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (provider != NULL && strcmp(known[i][0], provider) == 0) {
            return known[i][1];
        }
    }
    return NULL;
}

void authp_draft_identity(authp_draft_t *draft, const char *provider, const char *issuer,
                          const char *sub, const char *email)
{
    apr_pool_t *pool = draft->notes->pool;
    if (issuer == NULL || sub == NULL || *sub == '\0') {
        authp_draft_note(draft, apr_psprintf(pool, "the identity at \"%.64s\" is not taken over",
                                             provider != NULL ? provider : "an unknown provider"));
        return;
    }
    if (draft->identities == NULL) {
        draft->identities = apr_array_make(pool, 2, sizeof(authp_identity_t));
    }
    authp_identity_t *identity = apr_array_push(draft->identities);
    *identity =
        (authp_identity_t){.provider = provider, .issuer = issuer, .sub = sub, .email = email};
}

bool authp_draft_truth(const json_t *value, bool *odd)
{
    static const char *const yes[] = {"true", "t", "yes", "1"};
    static const char *const no[] = {"false", "f", "no", "0", ""};
    const char *text = authp_json_str(value);
    if (value == NULL || json_is_null(value) || json_is_boolean(value)) {
        return json_is_true(value);
    }
    for (size_t i = 0; text != NULL && i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (authp_text_same(text, yes[i])) {
            return true;
        }
    }
    bool is_no = false;
    for (size_t i = 0; text != NULL && i < sizeof(no) / sizeof(no[0]); i++) {
        is_no = is_no || authp_text_same(text, no[i]);
    }
    if (odd != NULL && !is_no) {
        *odd = true;
    }
    return false;
}

/* --- times ------------------------------------------------------------------------------------ */

/* Reads exactly `digits` decimal digits. -1 if they are not there. */
static int number(const char **at, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return -1;
        }
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool pass(const char **at, const char *any)
{
    if (**at == '\0' || strchr(any, **at) == NULL) {
        return false;
    }
    (*at)++;
    return true;
}

/* Days from 1970-01-01 in the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The fraction of a second, in milliseconds. */
static int fraction(const char **at)
{
    int ms = 0;
    int weight = 100;
    if (!pass(at, ".")) {
        return 0;
    }
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        ms += (**at - '0') * weight;
        weight /= 10;
    }
    return ms;
}

/* The offset from UTC in minutes: "", "Z", "+00", "+0530", "-05:30". False if it is none. */
static bool offset(const char **at, int *minutes)
{
    *minutes = 0;
    if (**at == '\0' || pass(at, "Zz")) {
        return **at == '\0';
    }
    bool west = **at == '-';
    if (!pass(at, "+-")) {
        return false;
    }
    int hours = number(at, 2);
    (void)pass(at, ":");
    int rest = **at != '\0' ? number(at, 2) : 0;
    if (hours < 0 || hours > 15 || rest < 0 || rest > 59 || **at != '\0') {
        return false;
    }
    *minutes = (west ? -1 : 1) * (hours * 60 + rest);
    return true;
}

static bool within(int value, int low, int high)
{
    return value >= low && value <= high;
}

static authp_ms_t calendar(const char *at)
{
    int year = number(&at, 4);
    int month = pass(&at, "-") ? number(&at, 2) : -1;
    int day = pass(&at, "-") ? number(&at, 2) : -1;
    int hour = pass(&at, "Tt ") ? number(&at, 2) : -1;
    int minute = pass(&at, ":") ? number(&at, 2) : -1;
    int second = pass(&at, ":") ? number(&at, 2) : -1;
    if (!within(year, 1970, 9999) || !within(month, 1, 12) || !within(day, 1, 31) ||
        !within(hour, 0, 23) || !within(minute, 0, 59) || !within(second, 0, 60)) {
        return 0;
    }
    int ms = fraction(&at);
    int minutes = 0;
    if (!offset(&at, &minutes)) {
        return 0;
    }
    int64_t of_day = (int64_t)hour * 3600 + (int64_t)(minute - minutes) * 60 + second;
    int64_t whole = (days_of(year, month, day) * 86400 + of_day) * 1000 + ms;
    return whole > 0 ? whole : 0;
}

authp_ms_t authp_draft_time(const json_t *value)
{
    const char *text = authp_json_str(value);
    int64_t count = json_is_integer(value) ? (int64_t)json_integer_value(value) : 0;
    size_t len = text != NULL ? strlen(text) : 0;
    if (len > 0 && strspn(text, "0123456789") == len) {
        count = len <= 15 ? apr_atoi64(text) : 0;
    } else if (text != NULL) {
        return calendar(text);
    }
    if (count <= 0 || count > 253402300799999LL) {
        return 0;
    }
    return count < MS_FROM ? count * 1000 : count;
}

const char *authp_draft_join(const char *a, const char *b, apr_pool_t *pool)
{
    const char *joined = apr_pstrcat(pool, a != NULL ? a : "", " ", b != NULL ? b : "", NULL);
    const char *trimmed = authp_text_trim(joined, pool);
    return *trimmed != '\0' ? trimmed : NULL;
}

const char *authp_draft_text(const json_t *object, const char *name)
{
    const char *text = authp_json_get_str(object, name);
    return text != NULL && *text != '\0' ? text : NULL;
}
