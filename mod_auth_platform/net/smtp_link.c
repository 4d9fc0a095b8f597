/* SPDX-License-Identifier: Apache-2.0 */
#include "net/smtp_link.h"

#include <poll.h>
#include <string.h>

#define TICK_MS 100
#define REPLY_MOST 1048576 /* bytes of all lines of a reply */

/* --- waiting ---------------------------------------------------------------------------------- */

authp_err_t authp_smtp_link_may_wait(authp_smtp_wait_t *wait, int *left, const char **why)
{
    authp_ms_t now = authp_clock_now(authp_clock_monotonic());
    if (now >= wait->until) {
        *why = AUTHP_SMTP_LINK_NO_TIME;
        return AUTHP_E_UNAVAILABLE;
    }
    if (wait->cancel != NULL && atomic_load(wait->cancel)) {
        if (wait->canceled_at == 0) {
            wait->canceled_at = now;
        }
        if (now >= wait->canceled_at + wait->patience) {
            *why = "canceled";
            return AUTHP_E_ABORTED;
        }
    }
    *left = wait->until - now < TICK_MS ? (int)(wait->until - now) : TICK_MS;
    return AUTHP_OK;
}

/* Waits until the connection can be read or written, or for one tick. */
static authp_err_t wait_for(authp_smtp_link_t *link, short events, authp_smtp_wait_t *wait,
                            const char **why)
{
    int left = 0;
    curl_socket_t socket = CURL_SOCKET_BAD;
    authp_err_t err = authp_smtp_link_may_wait(wait, &left, why);
    if (err != AUTHP_OK) {
        return err;
    }
    if (curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD) {
        *why = AUTHP_SMTP_LINK_LOST;
        return AUTHP_E_UNAVAILABLE;
    }
    struct pollfd one = {.fd = socket, .events = events};
    (void)poll(&one, 1, left);
    return AUTHP_OK;
}

/* --- commands and replies --------------------------------------------------------------------- */

authp_err_t authp_smtp_link_send(authp_smtp_link_t *link, const char *bytes, size_t len,
                                 authp_smtp_wait_t *wait, const char **why)
{
    while (len > 0) {
        size_t sent = 0;
        CURLcode rc = curl_easy_send(link->easy, bytes, len, &sent);
        authp_err_t err = AUTHP_OK;
        if (rc == CURLE_AGAIN) {
            err = wait_for(link, POLLOUT, wait, why);
        } else if (rc != CURLE_OK) {
            *why = AUTHP_SMTP_LINK_LOST;
            err = AUTHP_E_UNAVAILABLE;
        }
        if (err != AUTHP_OK) {
            return err;
        }
        bytes += sent;
        len -= sent;
    }
    return AUTHP_OK;
}

bool authp_smtp_link_has_reply(authp_smtp_link_t *link)
{
    size_t len = 0;
    if (!link->has_byte) {
        link->has_byte = curl_easy_recv(link->easy, &link->byte, 1, &len) == CURLE_OK && len == 1;
    }
    return link->has_byte;
}

/* Reads one byte. libcurl and OpenSSL have buffers, and replies are short. */
static authp_err_t read_byte(authp_smtp_link_t *link, authp_smtp_wait_t *wait, char *byte,
                             const char **why)
{
    if (link->has_byte) {
        link->has_byte = false;
        *byte = link->byte;
        return AUTHP_OK;
    }
    while (true) {
        size_t len = 0;
        CURLcode rc = curl_easy_recv(link->easy, byte, 1, &len);
        if (rc == CURLE_OK && len == 1) {
            return AUTHP_OK;
        }
        if (rc != CURLE_AGAIN) {
            *why = AUTHP_SMTP_LINK_LOST;
            return AUTHP_E_UNAVAILABLE;
        }
        authp_err_t err = wait_for(link, POLLIN, wait, why);
        if (err != AUTHP_OK) {
            return err;
        }
    }
}

/* Reads a line of at most *room bytes, and takes its length from *room. Writes its first bytes, at
 * most AUTHP_SMTP_LINK_LINE of them and without the line end, to `line`. */
static authp_err_t read_line(authp_smtp_link_t *link, authp_smtp_wait_t *wait, size_t *room,
                             char *line, size_t *len, const char **why)
{
    char byte = '\0';
    *len = 0;
    while (true) {
        authp_err_t err = read_byte(link, wait, &byte, why);
        if (err != AUTHP_OK) {
            return err;
        }
        if (byte == '\n') {
            break;
        }
        if ((*room)-- == 0) {
            *why = AUTHP_SMTP_LINK_NO_REPLY;
            return AUTHP_E_UNAVAILABLE;
        }
        if (*len < AUTHP_SMTP_LINK_LINE) {
            line[(*len)++] = byte;
        }
    }
    if (*len > 0 && line[*len - 1] == '\r') {
        (*len)--;
    }
    return AUTHP_OK;
}

authp_err_t authp_smtp_link_reply(authp_smtp_link_t *link, authp_smtp_wait_t *wait,
                                  authp_smtp_reply_t *reply, const char **why)
{
    char line[AUTHP_SMTP_LINK_LINE];
    authp_smtp_reply_t whole = {0};
    authp_smtp_line_t kind = AUTHP_SMTP_LINE_MORE;
    size_t room = REPLY_MOST;
    while (kind == AUTHP_SMTP_LINE_MORE) {
        size_t len = 0;
        authp_err_t err = read_line(link, wait, &room, line, &len, why);
        if (err != AUTHP_OK) {
            return err;
        }
        kind = authp_smtp_reply_line(line, len, &whole);
    }
    if (kind == AUTHP_SMTP_LINE_BROKEN) {
        *why = AUTHP_SMTP_LINK_NO_REPLY;
        return AUTHP_E_UNAVAILABLE;
    }
    *reply = whole;
    return AUTHP_OK;
}

void authp_smtp_link_close(authp_smtp_link_t *link)
{
    if (link->multi != NULL && link->easy != NULL) {
        (void)curl_multi_remove_handle(link->multi, link->easy);
    }
    curl_easy_cleanup(link->easy);
    (void)curl_multi_cleanup(link->multi);
    link->easy = NULL;
    link->multi = NULL;
}
