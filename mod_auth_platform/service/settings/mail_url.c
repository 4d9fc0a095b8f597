/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/mail_url.h"

#include "base/text.h"
#include "net/origin.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#define PORT_SUBMISSION 587
#define PORT_SUBMISSIONS 465

bool authp_mail_url_loopback(const char *host)
{
    struct in_addr address;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (strncmp(host, "127.", 4) == 0 && inet_pton(AF_INET, host, &address) == 1);
}

/* The characters of RFC 3986's userinfo, without the colon. */
static bool is_encoded(const char *text)
{
    static const char marks[] = "-._~!$&'()*+,;=%";
    for (const char *at = text; *at != '\0'; at++) {
        bool plain =
            (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!plain && strchr(marks, *at) == NULL) {
            return false;
        }
    }
    return true;
}

/* NULL: the text is empty, is not well encoded, or has a control character. */
static char *decoded(const char *text, apr_pool_t *pool)
{
    char *value = is_encoded(text) ? authp_text_url_decode(text, false, pool) : NULL;
    size_t len = value != NULL ? strlen(value) : 0;
    bool good = len > 0 && authp_text_utf8(value, len, NULL) && !authp_text_has_control(value, len);
    return good ? value : NULL;
}

static bool take_account(authp_mail_url_t *url, const char *text, apr_pool_t *pool)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL) {
        return false;
    }
    url->user = decoded(apr_pstrmemdup(pool, text, (apr_size_t)(colon - text)), pool);
    char *password = decoded(colon + 1, pool);
    if (url->user == NULL || password == NULL) {
        return false;
    }
    url->password = authp_secret_make(password, strlen(password), pool);
    authp_secret_wipe(password, strlen(password));
    return true;
}

/* `place` is HOST or HOST:PORT. The scheme mail: has no default port, so the port stays in the
 * normal form of the origin. */
static bool take_place(authp_mail_url_t *url, const char *place, apr_pool_t *pool)
{
    static const char scheme[] = "mail://";
    const char *origin = NULL;
    size_t len = strlen(place);
    if (len == 0 || place[len - 1] == ':' ||
        authp_origin_parse(apr_pstrcat(pool, scheme, place, NULL), false, &origin, pool) !=
            AUTHP_OK) {
        return false;
    }
    const char *host = origin + sizeof(scheme) - 1;
    const char *bracket = strrchr(host, ']');
    const char *colon = strchr(bracket != NULL ? bracket : host, ':');
    url->host = colon != NULL ? apr_pstrmemdup(pool, host, (apr_size_t)(colon - host)) : host;
    url->port = colon != NULL ? (int)apr_atoi64(colon + 1)
                : url->tls    ? PORT_SUBMISSIONS
                              : PORT_SUBMISSION;
    url->loopback = authp_mail_url_loopback(url->host);
    return true;
}

authp_err_t authp_mail_url_parse(const char *text, authp_mail_url_t **out, const char **why,
                                 apr_pool_t *pool)
{
    authp_mail_url_t *url = apr_pcalloc(pool, sizeof(*url));
    const char *rest = text;
    url->tls = strncmp(text, "smtps://", 8) == 0;
    if (!url->tls && strncmp(text, "smtp://", 7) != 0) {
        *why = "must begin with smtp:// or smtps://";
        return AUTHP_E_MALFORMED;
    }
    rest += url->tls ? 8 : 7;
    const char *at = strrchr(rest, '@');
    if (at != NULL &&
        !take_account(url, apr_pstrmemdup(pool, rest, (apr_size_t)(at - rest)), pool)) {
        *why = "must have a user and a password, as in smtps://USER:PASSWORD@HOST:465, and both "
               "must be percent-encoded (@ is %40, : is %3A, / is %2F, % is %25)";
        return AUTHP_E_MALFORMED;
    }
    if (!take_place(url, at != NULL ? at + 1 : rest, pool)) {
        *why =
            "must be smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT, and nothing may follow";
        return AUTHP_E_MALFORMED;
    }
    *out = url;
    return AUTHP_OK;
}
