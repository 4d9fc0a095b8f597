/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_mail.h"

#include "base/text.h"
#include "net/origin.h"
#include "service/settings/mail_url.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCAL_MOST 64 /* bytes before the @, RFC 5321 section 4.5.3.1.1 */

static void complain(authp_loading_t *loading, const char *name, const char *text)
{
    loading->name = name;
    authp_settings_table_complain(loading, text);
}

/* True for a setting that has a value, even if the value was refused. */
static bool is_set(const authp_loading_t *loading, const char *name)
{
    return apr_hash_get(loading->places, name, APR_HASH_KEY_STRING) != NULL;
}

static void check_url(authp_loading_t *loading)
{
    authp_settings_t *s = loading->settings;
    authp_mail_url_t *server = NULL;
    const char *why = NULL;
    if (s->mail_url == NULL) {
        return;
    }
    if (authp_mail_url_parse(s->mail_url, &server, &why, loading->pool) != AUTHP_OK) {
        complain(loading, "MAIL_URL", why);
        return;
    }
    s->mail_server = server;
    if (s->mail_tls_off && server->tls) {
        complain(loading, "MAIL_TLS", "is off, but MAIL_URL begins with smtps://");
    } else if (s->mail_tls_off && !server->loopback && !s->development) {
        complain(loading, "MAIL_TLS",
                 "is off, so that anybody on the way can read the mails and their links; this "
                 "needs a MAIL_URL of this machine (localhost), or APP_ENV=development");
    }
}

/* An address of RFC 5321 without quotes: a dot-atom, @, and a name of a host. */
static bool is_address(const char *text, apr_pool_t *pool)
{
    static const char marks[] = "!#$%&'*+-/=?^_`{|}~.";
    const char *origin = NULL;
    const char *at = strchr(text, '@');
    size_t len = at != NULL ? (size_t)(at - text) : 0;
    if (len == 0 || len > LOCAL_MOST || text[0] == '.' || at[-1] == '.') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((!apr_isalnum(text[i]) && strchr(marks, text[i]) == NULL) ||
            (text[i] == '.' && text[i + 1] == '.')) {
            return false;
        }
    }
    return strpbrk(at + 1, ":[") == NULL &&
           authp_origin_own("https", at + 1, &origin, pool) == AUTHP_OK;
}

/* "a@b" or "Name <a@b>". */
static void check_from(authp_loading_t *loading)
{
    authp_settings_t *s = loading->settings;
    if (s->mail_from == NULL) {
        return;
    }
    const char *open = strrchr(s->mail_from, '<');
    size_t len = strlen(s->mail_from);
    const char *address = s->mail_from;
    const char *name = NULL;
    if (open != NULL && s->mail_from[len - 1] == '>') {
        address = apr_pstrmemdup(loading->pool, open + 1,
                                 (apr_size_t)(s->mail_from + len - 1 - (open + 1)));
        name = authp_text_trim(
            apr_pstrmemdup(loading->pool, s->mail_from, (apr_size_t)(open - s->mail_from)),
            loading->pool);
    }
    if (!is_address(address, loading->pool) || (name != NULL && strpbrk(name, "<>\"\\") != NULL)) {
        complain(
            loading, "MAIL_FROM",
            "must be an address such as accounts@example.org, or Example <accounts@example.org>");
        return;
    }
    s->mail_from_address = address;
    s->mail_from_name = name != NULL && name[0] != '\0' ? name : NULL;
}

static const char *host_of(const char *origin, apr_pool_t *pool)
{
    const char *host = strstr(origin, "://") + 3;
    const char *bracket = strrchr(host, ']');
    const char *colon = strchr(bracket != NULL ? bracket : host, ':');
    return colon != NULL ? apr_pstrmemdup(pool, host, (apr_size_t)(colon - host)) : host;
}

static void check_public_url(authp_loading_t *loading)
{
    authp_settings_t *s = loading->settings;
    const char *origin = NULL;
    if (s->public_url == NULL) {
        return;
    }
    if (authp_origin_parse(s->public_url, false, &origin, loading->pool) != AUTHP_OK ||
        (strncmp(origin, "https://", 8) != 0 && strncmp(origin, "http://", 7) != 0)) {
        complain(loading, "PUBLIC_URL",
                 "must be an origin such as https://www.example.org, without a path and without a "
                 "slash at the end");
        return;
    }
    s->public_url = origin;
    s->public_host = host_of(origin, loading->pool);
    if (strncmp(origin, "http://", 7) == 0 && !s->development &&
        !authp_mail_url_loopback(s->public_host)) {
        complain(loading, "PUBLIC_URL",
                 "must be https (http only for localhost, or with APP_ENV=development)");
    }
}

static void check_files(authp_loading_t *loading)
{
    const authp_settings_t *s = loading->settings;
    struct stat info;
    if (s->mail_ca_file != NULL && access(s->mail_ca_file, R_OK) != 0) {
        complain(loading, "MAIL_CA_FILE",
                 apr_pstrcat(loading->pool, s->mail_ca_file, " cannot be read", NULL));
    }
    if (s->mail_template_dir != NULL &&
        (stat(s->mail_template_dir, &info) != 0 || !S_ISDIR(info.st_mode) ||
         access(s->mail_template_dir, R_OK | X_OK) != 0)) {
        complain(loading, "MAIL_TEMPLATE_DIR",
                 apr_pstrcat(loading->pool, s->mail_template_dir,
                             " is not a folder that can be read", NULL));
    }
}

void authp_settings_mail_check(authp_loading_t *loading)
{
    bool sends = is_set(loading, "MAIL_URL");
    check_url(loading);
    check_from(loading);
    check_public_url(loading);
    check_files(loading);
    if (sends && !is_set(loading, "MAIL_FROM")) {
        complain(loading, "MAIL_FROM", "is needed with MAIL_URL");
    }
    if (sends && !is_set(loading, "PUBLIC_URL")) {
        complain(loading, "PUBLIC_URL", "is needed with MAIL_URL, because links begin with it");
    }
    if (!sends && loading->settings->email_verification_required) {
        complain(loading, "EMAIL_VERIFICATION",
                 "is required, but no mail can be sent without MAIL_URL");
    }
}
