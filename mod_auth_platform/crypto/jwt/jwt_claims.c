/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "base/text.h"
#include "crypto/jwt/jwt_impl.h"

#include <string.h>

/* A cursor over the payload. `ok` becomes false at the first mismatch and stays false. */
typedef struct scan_t {
    char *at;
    char *end;
    bool ok;
} scan_t;

/* True if `text` comes next; then it is skipped. Called with constants only. The comparison then
 * compiles to a few machine words. */
static inline __attribute__((always_inline)) bool skip(scan_t *scan, const char *text)
{
    size_t len = strlen(text);
    bool there =
        scan->ok && (size_t)(scan->end - scan->at) >= len && memcmp(scan->at, text, len) == 0;
    scan->at += there ? len : 0;
    return there;
}

static inline __attribute__((always_inline)) void expect(scan_t *scan, const char *text)
{
    scan->ok = skip(scan, text);
}

/* Reads a string and overwrites its closing quote with NUL. The text has no backslash. */
static const char *string(scan_t *scan)
{
    expect(scan, "\"");
    if (!scan->ok) {
        return NULL;
    }
    char *start = scan->at;
    char *quote = memchr(start, '"', (size_t)(scan->end - start));
    if (quote == NULL) {
        scan->ok = false;
        return NULL;
    }
    *quote = '\0';
    scan->at = quote + 1;
    return start;
}

static const char *string_or_null(scan_t *scan)
{
    if (scan->ok && scan->at < scan->end && *scan->at == 'n') {
        expect(scan, "null");
        return NULL;
    }
    return string(scan);
}

/* Reads digits without a leading zero, at most 16 of them. */
static int64_t integer(scan_t *scan)
{
    if (!scan->ok) {
        return 0;
    }
    const char *start = scan->at;
    const char *at = start; /* the text ends with a NUL */
    int64_t value = 0;
    for (; *at >= '0' && *at <= '9' && at - start < 17; at++) {
        value = value * 10 + (*at - '0');
    }
    scan->at += at - start;
    scan->ok = at > start && at - start <= 16 && (*start != '0' || at - start == 1);
    return value;
}

static bool boolean(scan_t *scan)
{
    bool value = scan->ok && scan->at < scan->end && *scan->at == 't';
    if (value) {
        expect(scan, "true");
    } else {
        expect(scan, "false");
    }
    return value;
}

static void role_list(scan_t *scan, authp_claims_t *out)
{
    out->nroles = 0;
    expect(scan, "[");
    if (scan->ok && scan->at < scan->end && *scan->at == ']') {
        scan->at++;
        return;
    }
    while (scan->ok && out->nroles < AUTHP_JWT_MAX_ROLES) {
        out->roles[out->nroles++] = string(scan);
        if (scan->ok && scan->at < scan->end && *scan->at == ']') {
            scan->at++;
            return;
        }
        expect(scan, ",");
    }
    scan->ok = false;
}

/* Skips a list of strings that this program does not read. */
static void skip_list(scan_t *scan)
{
    expect(scan, "[");
    if (skip(scan, "]")) {
        return;
    }
    do {
        (void)string(scan);
    } while (skip(scan, ","));
    expect(scan, "]");
}

/* The claims between nbf and roles that only some tokens have. */
static void before_roles(scan_t *scan, authp_claims_t *out)
{
    if (skip(scan, ",\"permissions\":")) {
        skip_list(scan);
    }
    if (skip(scan, ",\"phone\":")) {
        (void)string_or_null(scan);
    }
    if (skip(scan, ",\"phone_number\":")) {
        out->phone = string_or_null(scan);
    }
    if (skip(scan, ",\"prf\":")) {
        out->prf = string(scan);
    }
    if (skip(scan, ",\"role\":")) {
        out->role = string_or_null(scan);
    }
    expect(scan, ",\"roles\":");
}

/* Those between sub and ver. */
static void before_ver(scan_t *scan, authp_claims_t *out)
{
    expect(scan, ",\"type\":\"access\"");
    if (skip(scan, ",\"user_id\":")) {
        (void)string(scan);
    }
    if (skip(scan, ",\"user_type\":")) {
        out->role = string_or_null(scan);
    }
    if (skip(scan, ",\"username\":")) {
        out->username = string_or_null(scan);
    }
    expect(scan, ",\"ver\":");
}

bool authp_jwt_claims_scan(char *text, size_t len, authp_claims_t *out)
{
    /* A NUL inside would end a C string earlier than the JSON string. */
    scan_t scan = {.at = text,
                   .end = text + len,
                   .ok = strlen(text) == len && memchr(text, '\\', len) == NULL};
    *out = (authp_claims_t){.aud = NULL};
    if (skip(&scan, "{\"aud\":")) {
        out->aud = string(&scan);
        expect(&scan, ",\"auth_time\":");
    } else {
        expect(&scan, "{\"auth_time\":");
    }
    out->auth_time = integer(&scan);
    expect(&scan, ",\"email\":");
    out->email = string_or_null(&scan);
    expect(&scan, ",\"email_verified\":");
    out->email_verified = boolean(&scan);
    expect(&scan, ",\"exp\":");
    out->exp = integer(&scan);
    expect(&scan, ",\"iat\":");
    out->iat = integer(&scan);
    expect(&scan, ",\"iss\":");
    out->iss = string(&scan);
    expect(&scan, ",\"jti\":");
    out->jti = string(&scan);
    if (skip(&scan, ",\"mobile\":")) {
        (void)string_or_null(&scan);
    }
    expect(&scan, ",\"name\":");
    out->name = string_or_null(&scan);
    expect(&scan, ",\"nbf\":");
    out->nbf = integer(&scan);
    if (!skip(&scan, ",\"roles\":")) {
        before_roles(&scan, out);
    }
    role_list(&scan, out);
    expect(&scan, ",\"sid\":");
    out->sid = string(&scan);
    expect(&scan, ",\"sub\":");
    out->sub = string(&scan);
    if (!skip(&scan, ",\"type\":\"access\",\"ver\":")) {
        before_ver(&scan, out);
    }
    out->ver = integer(&scan);
    expect(&scan, "}");
    return scan.ok && scan.at == scan.end;
}

bool authp_jwt_claims_clean(const char *text)
{
    size_t len = strlen(text);
    bool plain = true;
    for (size_t i = 0; i < len && plain; i++) {
        plain = text[i] >= ' ' && text[i] < 0x7f;
    }
    return plain || (authp_text_utf8(text, len, NULL) && !authp_text_has_control(text, len));
}

static bool in_range(int64_t value)
{
    return value >= 0 && value <= AUTHP_JWT_INT_MAX;
}

/* True if the name of a role or of a profile has a valid length. */
static bool is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) <= AUTHP_JWT_ROLE_MAX;
}

bool authp_jwt_claims_sane(const authp_claims_t *claims)
{
    bool sane = authp_id_valid(claims->sub) && authp_id_valid(claims->sid) && claims->jti != NULL &&
                claims->jti[0] != '\0' && strlen(claims->jti) <= AUTHP_JWT_JTI_MAX &&
                in_range(claims->iat) && in_range(claims->nbf) && in_range(claims->exp) &&
                in_range(claims->auth_time) && in_range(claims->ver) && claims->nroles >= 0 &&
                claims->nroles <= AUTHP_JWT_MAX_ROLES;
    for (int i = 0; sane && i < claims->nroles; i++) {
        sane = is_name(claims->roles[i]);
    }
    return sane && (claims->prf == NULL || is_name(claims->prf)) &&
           (claims->role == NULL || is_name(claims->role));
}

static bool clean_or_null(const char *text)
{
    return text == NULL || authp_jwt_claims_clean(text);
}

bool authp_jwt_claims_all_clean(const authp_claims_t *claims)
{
    bool clean = authp_jwt_claims_clean(claims->jti) && clean_or_null(claims->email) &&
                 clean_or_null(claims->name) && clean_or_null(claims->username) &&
                 clean_or_null(claims->phone) && clean_or_null(claims->prf) &&
                 clean_or_null(claims->role);
    for (int i = 0; clean && i < claims->nroles; i++) {
        clean = authp_jwt_claims_clean(claims->roles[i]);
    }
    return clean;
}

const char *authp_jwt_claims_audience(const authp_jwt_t *jwt, const authp_claims_t *claims)
{
    return claims->prf != NULL ? jwt->prf_audience : jwt->audience;
}

static bool has_audience(const authp_jwt_t *jwt, const authp_claims_t *claims)
{
    const char *audience = authp_jwt_claims_audience(jwt, claims);
    return audience == NULL || claims->aud == NULL ? audience == claims->aud
                                                   : strcmp(audience, claims->aud) == 0;
}

authp_err_t authp_jwt_claims_check(const authp_jwt_t *jwt, const authp_claims_t *claims,
                                   int64_t now)
{
    if (!authp_jwt_claims_sane(claims) || !authp_jwt_claims_all_clean(claims) ||
        strcmp(claims->iss, jwt->issuer) != 0 || !has_audience(jwt, claims) ||
        claims->nbf > now + AUTHP_JWT_SKEW || claims->iat > now + AUTHP_JWT_SKEW) {
        return AUTHP_E_TOKEN_INVALID;
    }
    return claims->exp > now ? AUTHP_OK : AUTHP_E_TOKEN_EXPIRED;
}
