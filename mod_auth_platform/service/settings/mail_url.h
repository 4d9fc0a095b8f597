/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_MAIL_URL_H
#define AUTHP_SERVICE_SETTINGS_MAIL_URL_H

#include "base/err.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <stdbool.h>

/* MAIL_URL, the server that takes mails. */
typedef struct authp_mail_url_t {
    bool tls;                 /* smtps: TLS from the first byte. Otherwise STARTTLS, see MAIL_TLS */
    const char *host;         /* in lower case; an IPv6 address is in brackets */
    int port;                 /* 1-65535; not in the URL: 587, or 465 for smtps */
    bool loopback;            /* `host` is this machine */
    const char *user;         /* decoded; NULL: the server is used without an account */
    authp_secret_t *password; /* decoded; NULL without `user` */
} authp_mail_url_t;

/* Parses smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://... USER and PASSWORD are percent-encoded;
 * both or none are there, and neither is empty or has a control character. HOST is a name, an IPv4
 * address or an IPv6 address in brackets. Nothing may follow. AUTHP_E_MALFORMED: *why is a sentence
 * without a subject, such as "must begin with ...". It has no part of `text`, and *out does not
 * change. */
AUTHP_CHECKED authp_err_t authp_mail_url_parse(const char *text, authp_mail_url_t **out,
                                               const char **why, apr_pool_t *pool);

/* True for localhost, an IPv4 address of 127.0.0.0/8, and [::1]. */
bool authp_mail_url_loopback(const char *host);

#endif
