/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/smtp_sender.h"

#include "service/settings/mail_url.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

/* The name of this host for EHLO. An address stands in brackets (RFC 5321 section 4.1.3). */
static const char *name_of(const char *host, apr_pool_t *pool)
{
    struct in_addr address;
    if (host[0] == '[') {
        return apr_pstrcat(pool, "[IPv6:", host + 1, NULL);
    }
    return inet_pton(AF_INET, host, &address) == 1 ? apr_pstrcat(pool, "[", host, "]", NULL) : host;
}

authp_err_t authp_smtp_sender_client(const authp_settings_t *settings, authp_smtp_t **out,
                                     apr_pool_t *pool)
{
    const authp_mail_url_t *url = settings->mail_server;
    authp_smtp_server_t *server = apr_palloc(pool, sizeof(*server));
    *server = (authp_smtp_server_t){.host = url->host,
                                    .port = url->port,
                                    .tls = url->tls,
                                    .no_tls = settings->mail_tls_off,
                                    .user = url->user,
                                    .password = url->password,
                                    .ca_file = settings->mail_ca_file,
                                    .name = name_of(settings->public_host, pool)};
    return authp_smtp_make(server, out, pool);
}

static authp_err_t send_one(void *ctx, const authp_message_t *message, const atomic_bool *cancel,
                            authp_smtp_verdict_t *verdict, apr_pool_t *pool)
{
    authp_smtp_mail_t mail = {.from = message->from, .to = message->to};
    authp_err_t err = authp_message_write(message, &mail.bytes, &mail.len, pool);
    return err == AUTHP_OK ? authp_smtp_send(ctx, &mail, cancel, verdict) : err;
}

static void end_round(void *ctx)
{
    authp_smtp_end(ctx);
}

authp_err_t authp_smtp_sender_make(const authp_settings_t *settings, authp_mail_sender_t **out,
                                   apr_pool_t *pool)
{
    authp_smtp_t *smtp = NULL;
    authp_err_t err = authp_smtp_sender_client(settings, &smtp, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_sender_t *sender = apr_palloc(pool, sizeof(*sender));
    *sender = (authp_mail_sender_t){send_one, end_round, smtp};
    *out = sender;
    return AUTHP_OK;
}
