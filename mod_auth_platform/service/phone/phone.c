/* SPDX-License-Identifier: Apache-2.0 */
#include "service/phone/phone.h"

#include <apr_strings.h>
#include <string.h>

#define DIGITS "0123456789"
#define INDIA "91"
#define INDIA_DIGITS 10
#define NATIONAL_LEAST 6
#define NATIONAL_MOST 14
#define COUNTRY_MOST 3
#define PREFIX_DIGITS 5
#define MASK_FIRST 3
#define MASK_LAST 4

/* The number of digits of a calling code by the numbering plan (ITU-T E.164): 1 and 7 have one
 * digit, those of the list have two, all others have three. */
static size_t plan_len(const char *digits)
{
    static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 "
                              "55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";
    const char begin[] = {digits[0], digits[0] != '\0' ? digits[1] : '\0', '\0'};
    if (digits[0] == '1' || digits[0] == '7') {
        return 1;
    }
    return strlen(begin) == 2 && strstr(two, begin) != NULL ? 2 : COUNTRY_MOST;
}

/* The length of the longest calling code of PHONE_COUNTRIES with which `digits` begin. 0: none. */
static size_t listed_len(const authp_settings_t *settings, const char *digits)
{
    size_t longest = 0;
    for (int i = 0; i < settings->phone_countries->nelts; i++) {
        const char *country = APR_ARRAY_IDX(settings->phone_countries, i, const char *);
        size_t len = strlen(country);
        if (len > longest && strncmp(digits, country, len) == 0) {
            longest = len;
        }
    }
    return longest;
}

static size_t country_len(const authp_settings_t *settings, const char *digits)
{
    size_t len = listed_len(settings, digits);
    len = len != 0 ? len : plan_len(digits);
    size_t all = strlen(digits);
    return len < all ? len : all;
}

/* Copies the digits of `typed` to `out`, which has room for all of it. *plus: there was a leading
 * '+'. False: there are other characters than a number may have. */
static bool take_digits(const char *typed, char *out, bool *plus)
{
    typed += strspn(typed, " ");
    *plus = *typed == '+';
    typed += *plus;
    for (; *typed != '\0'; typed++) {
        if (strchr(DIGITS, *typed) != NULL) {
            *out++ = *typed;
        } else if (strchr(" -()", *typed) == NULL) {
            return false;
        }
    }
    *out = '\0';
    return true;
}

static bool is_national(const char *country, size_t country_len, const char *national)
{
    size_t len = strlen(national);
    if (country_len == strlen(INDIA) && strncmp(country, INDIA, country_len) == 0) {
        return len == INDIA_DIGITS && national[0] >= '6';
    }
    return len >= NATIONAL_LEAST && len <= NATIONAL_MOST;
}

authp_err_t authp_phone_parse(const authp_settings_t *settings, const char *typed,
                              const char **e164, apr_pool_t *pool)
{
    const char *text = typed != NULL ? typed : "";
    char *digits = apr_palloc(pool, strlen(text) + 1);
    bool plus = false;
    if (!take_digits(text, digits, &plus)) {
        return AUTHP_E_MOBILE_INVALID;
    }
    if (!plus) {
        digits = apr_pstrcat(pool, settings->phone_default_country, digits, NULL);
    }
    size_t len = listed_len(settings, digits);
    if (len == 0 || !is_national(digits, len, digits + len)) {
        return AUTHP_E_MOBILE_INVALID;
    }
    *e164 = apr_pstrcat(pool, "+", digits, NULL);
    return AUTHP_OK;
}

bool authp_phone_is_e164(const char *text)
{
    if (text == NULL || text[0] != '+' || text[1] == '0') {
        return false;
    }
    size_t len = strspn(text + 1, DIGITS);
    return text[1 + len] == '\0' && len >= NATIONAL_LEAST + 1 &&
           len <= NATIONAL_MOST + COUNTRY_MOST;
}

/* The digits of a stored number. */
static const char *digits_of(const char *e164)
{
    return e164[0] == '+' ? e164 + 1 : e164;
}

const char *authp_phone_national(const authp_settings_t *settings, const char *e164,
                                 apr_pool_t *pool)
{
    if (e164 == NULL) {
        return NULL;
    }
    const char *digits = digits_of(e164);
    return apr_pstrdup(pool, digits + country_len(settings, digits));
}

const char *authp_phone_masked(const authp_settings_t *settings, const char *e164, apr_pool_t *pool)
{
    const char *national = authp_phone_national(settings, e164, pool);
    if (national == NULL) {
        return NULL;
    }
    size_t len = strlen(national);
    size_t first = len > MASK_FIRST + MASK_LAST ? MASK_FIRST : 0;
    size_t last = first > 0 ? MASK_LAST : 2;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, national, first), "****",
                       len > last ? national + len - last : "", NULL);
}

const char *authp_phone_logged(const char *e164, apr_pool_t *pool)
{
    size_t len = e164 != NULL ? strlen(e164) : 0;
    return apr_pstrcat(pool, "*******", len > MASK_LAST + 2 ? e164 + len - MASK_LAST : "", NULL);
}

const char *authp_phone_prefix(const authp_settings_t *settings, const char *e164, apr_pool_t *pool)
{
    const char *digits = digits_of(e164);
    size_t len = country_len(settings, digits) + PREFIX_DIGITS;
    return apr_pstrcat(pool, "+", apr_pstrndup(pool, digits, len), NULL);
}
