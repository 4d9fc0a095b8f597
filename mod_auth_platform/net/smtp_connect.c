/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl connects with CURLOPT_CONNECT_ONLY: libcurl stops after AUTH, and leaves the connection
 * to curl_easy_send() and curl_easy_recv(). It closes such a connection without QUIT. libcurl's
 * debug callback gets each command that is sent and each line that the server replies. Only the
 * codes of replies are kept. */
#include "net/smtp_connect.h"
#include "net/curl_why.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#define URL_SIZE 1024 /* bytes; authp_smtp_make() bounds the parts */

/* --- what libcurl does ------------------------------------------------------------------------ */

static bool begins(const char *data, size_t len, const char *word)
{
    size_t most = strlen(word);
    return len >= most && strncasecmp(data, word, most) == 0;
}

static void look_at_command(authp_smtp_link_t *link, const char *data, size_t len)
{
    if (begins(data, len, "EHLO") || begins(data, len, "HELO")) {
        link->stage = AUTHP_SMTP_CONNECT;
    } else if (begins(data, len, "STARTTLS")) {
        link->stage = AUTHP_SMTP_TLS;
    } else if (begins(data, len, "AUTH ")) {
        link->stage = AUTHP_SMTP_AUTH;
        link->asked_auth = true;
    }
    link->reply = (authp_smtp_reply_t){0};
}

static void look_at_reply(authp_smtp_link_t *link, const char *data, size_t len)
{
    while (len > 0 && strchr("\r\n", data[len - 1]) != NULL) {
        len--;
    }
    (void)authp_smtp_reply_line(data, len, &link->reply);
}

/* libcurl calls this with all that is sent and received. With smtps TLS begins before the greeting.
 * CURLINFO_CONNECT_TIME_T stays 0 until that handshake is over. */
static int look(CURL *easy, curl_infotype type, char *data, size_t len, void *ctx)
{
    authp_smtp_link_t *link = ctx;
    (void)easy;
    if (type == CURLINFO_HEADER_OUT) {
        look_at_command(link, data, len);
    } else if (type == CURLINFO_HEADER_IN) {
        look_at_reply(link, data, len);
    } else if (type == CURLINFO_SSL_DATA_OUT) {
        link->shook = true;
    }
    return 0;
}

/* libcurl calls this with each line of a reply, and would write it to standard output. */
static size_t drop(char *data, size_t one, size_t len, void *ctx)
{
    (void)data, (void)one, (void)ctx;
    return len;
}

/* --- options ---------------------------------------------------------------------------------- */

static CURLcode set_numbers(authp_smtp_link_t *link, long most_ms)
{
    const authp_smtp_server_t *server = link->server;
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1}, /* no SIGALRM, which would be a signal for all of httpd */
        {CURLOPT_CONNECT_ONLY, 1},
        {CURLOPT_VERBOSE, 1}, /* for the debug callback; nothing else is written then */
        {CURLOPT_USE_SSL, server->no_tls ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_QUICK_EXIT, 1}, /* the end does not wait for a name lookup */
        {CURLOPT_TIMEOUT_MS, most_ms},
        {CURLOPT_CONNECTTIMEOUT_MS, most_ms}, /* would else end AUTH after the 10 s too */
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CURLcode rc = curl_easy_setopt(link->easy, numbers[i].option, numbers[i].value);
        if (rc != CURLE_OK) {
            return rc;
        }
    }
    return CURLE_OK;
}

static CURLcode set_pointers(authp_smtp_link_t *link, const char *url)
{
    const authp_smtp_server_t *server = link->server;
    const char *password =
        server->password != NULL ? (const char *)authp_secret_bytes(server->password) : "";
    const struct {
        CURLoption option;
        const void *value;
    } pointers[] = {
        {CURLOPT_URL, url},
        {CURLOPT_PROTOCOLS_STR, "smtp,smtps"},
        {CURLOPT_PROXY, ""}, /* no proxy, not even one from the environment */
        {CURLOPT_USERNAME, server->user},
        {CURLOPT_PASSWORD, server->user != NULL ? password : NULL},
        {CURLOPT_LOGIN_OPTIONS, server->user != NULL ? "AUTH=PLAIN;AUTH=LOGIN" : NULL},
        {CURLOPT_DEBUGDATA, link},
    };
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        CURLcode rc = pointers[i].value != NULL
                          ? curl_easy_setopt(link->easy, pointers[i].option, pointers[i].value)
                          : CURLE_OK;
        if (rc != CURLE_OK) {
            return rc;
        }
    }
    return CURLE_OK;
}

static CURLcode set_functions(authp_smtp_link_t *link)
{
    CURLcode rc = curl_easy_setopt(link->easy, CURLOPT_DEBUGFUNCTION, look);
    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(link->easy, CURLOPT_WRITEFUNCTION, drop);
    }
    return rc;
}

static CURLcode set_up(authp_smtp_link_t *link, const authp_smtp_wait_t *wait)
{
    char url[URL_SIZE];
    const authp_smtp_server_t *server = link->server;
    authp_ms_t left = wait->until - authp_clock_now(authp_clock_monotonic());
    /* libcurl takes the name for EHLO from the path. authp_smtp_make() has looked at it. */
    apr_snprintf(url, sizeof(url), "%s://%s:%d/%s", server->tls ? "smtps" : "smtp", server->host,
                 server->port, server->name);
    CURLcode rc = set_numbers(link, left > 0 ? (long)left : 1);
    if (rc == CURLE_OK) {
        rc = set_pointers(link, url);
    }
    if (rc == CURLE_OK) {
        rc = authp_certificates_use(link->certificates, link->easy);
    }
    return rc == CURLE_OK ? set_functions(link) : rc;
}

/* --- connecting ------------------------------------------------------------------------------- */

static bool is_connected(authp_smtp_link_t *link)
{
    curl_off_t at = 0;
    return link->shook ||
           (curl_easy_getinfo(link->easy, CURLINFO_CONNECT_TIME_T, &at) == CURLE_OK && at > 0);
}

/* True for smtps whose TLS handshake is under way. */
static bool is_in_handshake(authp_smtp_link_t *link)
{
    curl_off_t at = 0;
    return link->server->tls && link->shook &&
           curl_easy_getinfo(link->easy, CURLINFO_APPCONNECT_TIME_T, &at) == CURLE_OK && at == 0;
}

static authp_smtp_stage_t stage_of(authp_smtp_link_t *link, CURLcode rc)
{
    switch (rc) {
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
        return AUTHP_SMTP_TLS;
    case CURLE_LOGIN_DENIED:
        return AUTHP_SMTP_AUTH;
    default:
        return is_in_handshake(link) ? AUTHP_SMTP_TLS : link->stage;
    }
}

static const char *why_of(authp_smtp_link_t *link, CURLcode rc)
{
    switch (rc) {
    case CURLE_USE_SSL_FAILED:
        return "the server does not offer STARTTLS";
    case CURLE_OPERATION_TIMEDOUT:
        return AUTHP_SMTP_LINK_NO_TIME;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        return AUTHP_SMTP_LINK_LOST;
    default:
        return authp_curl_why(link->easy, rc);
    }
}

static void judge(authp_smtp_link_t *link, CURLcode rc, authp_smtp_verdict_t *verdict)
{
    *verdict = (authp_smtp_verdict_t){.stage = stage_of(link, rc)};
    if (link->reply.code >= 400) {
        verdict->reply = link->reply;
    } else {
        verdict->why = why_of(link, rc);
    }
}

/* Lets libcurl work until it is done. *rc is its result. */
static authp_err_t drive(authp_smtp_link_t *link, authp_smtp_wait_t *wait, CURLcode *rc,
                         const char **why)
{
    int count = 0;
    int left = 0;
    const authp_ms_t connect_until =
        authp_clock_now(authp_clock_monotonic()) + AUTHP_SMTP_CONNECT_MS;
    while (true) {
        if (curl_multi_perform(link->multi, &count) != CURLM_OK) {
            *rc = CURLE_FAILED_INIT;
            return AUTHP_OK;
        }
        CURLMsg *message = curl_multi_info_read(link->multi, &count);
        if (message != NULL && message->msg == CURLMSG_DONE) {
            *rc = message->data.result;
            return AUTHP_OK;
        }
        authp_err_t err = authp_smtp_link_may_wait(wait, &left, why);
        if (err != AUTHP_OK) {
            return err;
        }
        if (!is_connected(link) && authp_clock_now(authp_clock_monotonic()) >= connect_until) {
            *why = AUTHP_SMTP_LINK_NO_TIME;
            return AUTHP_E_UNAVAILABLE;
        }
        (void)curl_multi_poll(link->multi, NULL, 0, left, &count);
    }
}

static authp_err_t connect_link(authp_smtp_link_t *link, authp_smtp_wait_t *wait,
                                authp_smtp_verdict_t *verdict)
{
    CURLcode rc = set_up(link, wait);
    if (rc == CURLE_OK && curl_multi_add_handle(link->multi, link->easy) != CURLM_OK) {
        rc = CURLE_OUT_OF_MEMORY;
    }
    const char *why = NULL;
    authp_err_t err = rc == CURLE_OK ? drive(link, wait, &rc, &why) : AUTHP_OK;
    if (err != AUTHP_OK) {
        *verdict = (authp_smtp_verdict_t){
            .stage = is_in_handshake(link) ? AUTHP_SMTP_TLS : link->stage, .why = why};
        return err;
    }
    if (rc != CURLE_OK) {
        judge(link, rc, verdict);
        return AUTHP_E_UNAVAILABLE;
    }
    if (link->server->user != NULL && !link->asked_auth) {
        *verdict = (authp_smtp_verdict_t){
            .stage = AUTHP_SMTP_AUTH, .why = "the server offers neither AUTH PLAIN nor AUTH LOGIN"};
        return AUTHP_E_UNAVAILABLE;
    }
    return AUTHP_OK;
}

authp_err_t authp_smtp_connect(authp_smtp_link_t *link, authp_smtp_wait_t *wait,
                               authp_smtp_verdict_t *verdict)
{
    link->used = link->asked_auth = link->shook = link->has_byte = false;
    link->stage = AUTHP_SMTP_CONNECT;
    link->reply = (authp_smtp_reply_t){0};
    link->multi = curl_multi_init();
    link->easy = curl_easy_init();
    authp_err_t err = AUTHP_E_UNAVAILABLE;
    if (link->multi == NULL || link->easy == NULL) {
        *verdict = (authp_smtp_verdict_t){.stage = AUTHP_SMTP_CONNECT,
                                          .why = curl_easy_strerror(CURLE_OUT_OF_MEMORY)};
    } else {
        err = connect_link(link, wait, verdict);
    }
    if (err != AUTHP_OK) {
        authp_smtp_link_close(link);
    }
    return err;
}
