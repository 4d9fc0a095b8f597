/* SPDX-License-Identifier: Apache-2.0 */
#include "http_peer.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#define REQUEST_MOST 8192
#define DRIP_NS 50000000

typedef struct line_t {
    http_peer_t *peer;
    int fd;
    int count; /* requests on this connection */
    char request[REQUEST_MOST + 1];
} line_t;

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool send_text(int fd, const char *text)
{
    return send_all(fd, text, strlen(text));
}

/* An answer with more header lines, each with its CRLF. */
static bool answer(int fd, int status, const char *lines, const char *body)
{
    char head[1024];
    snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n", status, lines,
             strlen(body));
    return send_text(fd, head) && send_text(fd, body);
}

static bool send_filler(int fd, size_t len)
{
    char block[4096];
    memset(block, 'x', sizeof(block));
    while (len > 0) {
        size_t part = len < sizeof(block) ? len : sizeof(block);
        if (!send_all(fd, block, part)) {
            return false;
        }
        len -= part;
    }
    return true;
}

/* Sends until the client closes the connection or the test ends. */
static bool drip(const line_t *line, const char *piece)
{
    const struct timespec pause = {0, DRIP_NS};
    while (!line->peer->stopping && send_text(line->fd, piece)) {
        nanosleep(&pause, NULL);
    }
    return false;
}

static bool wait_for_end(const line_t *line)
{
    char byte = 0;
    while (!line->peer->stopping && recv(line->fd, &byte, 1, 0) > 0) {
    }
    return false;
}

static bool send_headers(int fd)
{
    bool sent = send_text(fd, "HTTP/1.1 200 X\r\n");
    for (int i = 0; sent && i < 100; i++) {
        sent = send_text(fd, "X-Filler: ") && send_filler(fd, 1000) && send_text(fd, "\r\n");
    }
    return sent && send_text(fd, "Content-Length: 0\r\n\r\n");
}

/* Paths that have a number or a text after the first word. */
static bool serve_value(const line_t *line, const char *path)
{
    char text[256];
    const int fd = line->fd;
    const size_t len = strcspn(path, " ");
    if (strncmp(path, "/cc/", 4) == 0) {
        snprintf(text, sizeof(text), "Cache-Control: %.*s\r\n", (int)(len - 4), path + 4);
        return answer(fd, 200, text, "{}");
    }
    if (strncmp(path, "/status/", 8) == 0) {
        return answer(fd, atoi(path + 8), "Location: /ok\r\n", "moved");
    }
    if (strncmp(path, "/size/", 6) == 0) {
        snprintf(text, sizeof(text), "HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n",
                 atoi(path + 6));
        return send_text(fd, text) && send_filler(fd, (size_t)atoi(path + 6));
    }
    if (strncmp(path, "/stream/", 8) == 0) {
        (void)(send_text(fd, "HTTP/1.1 200 X\r\nConnection: close\r\n\r\n") &&
               send_filler(fd, (size_t)atoi(path + 8)));
        return false;
    }
    return answer(fd, 404, "", "");
}

static bool is_path(const char *path, const char *name)
{
    return strncmp(path, name, strlen(name)) == 0 && path[strlen(name)] == ' ';
}

/* True if the connection goes on. */
static bool serve(const line_t *line)
{
    char number[16];
    const int fd = line->fd;
    const char *path = strchr(line->request, ' ') + 1;
    snprintf(number, sizeof(number), "%d", line->count);
    if (is_path(path, "/ok")) {
        return answer(fd, 200, "Content-Type: application/json\r\n", "{\"ok\":true}");
    }
    if (is_path(path, "/echo")) {
        return answer(fd, 200, "Set-Cookie: a=b\r\n", line->request);
    }
    if (is_path(path, "/count")) {
        return answer(fd, 200, "", number);
    }
    if (is_path(path, "/interim")) {
        return send_text(fd, "HTTP/1.1 103 X\r\nCache-Control: max-age=5\r\n"
                             "Location: /ok\r\n\r\n") &&
               answer(fd, 200, "", "{}");
    }
    if (is_path(path, "/headers")) {
        return send_headers(fd);
    }
    if (is_path(path, "/drip")) {
        return send_text(fd, "HTTP/1.1 200 X\r\nConnection: close\r\n\r\n") && drip(line, "x");
    }
    if (is_path(path, "/drip-header")) {
        return send_text(fd, "HTTP/1.1 200 X\r\n") && drip(line, "X-Filler: x\r\n");
    }
    if (is_path(path, "/half")) {
        (void)send_text(fd, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n0123456789");
        return false;
    }
    if (is_path(path, "/garbage")) {
        (void)send_text(fd, "garbage\r\n\r\n");
        return false;
    }
    if (is_path(path, "/never")) {
        return wait_for_end(line);
    }
    return !is_path(path, "/close") && serve_value(line, path);
}

/* Reads one request with its body. */
static bool read_request(line_t *line)
{
    size_t len = 0;
    size_t wanted = 0; /* 0: the end of the header is not yet known */
    while (wanted == 0 || len < wanted) {
        ssize_t got = recv(line->fd, line->request + len, REQUEST_MOST - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        line->request[len] = '\0';
        const char *end = strstr(line->request, "\r\n\r\n");
        if (end != NULL) {
            const char *length = strstr(line->request, "Content-Length: ");
            wanted = (size_t)(end - line->request) + 4 +
                     (length != NULL ? (size_t)atoi(length + 16) : 0);
        }
    }
    line->count++;
    line->peer->requests++;
    return true;
}

static void *run_line(void *data)
{
    line_t *line = data;
    while (read_request(line) && serve(line)) {
    }
    shutdown(line->fd, SHUT_RDWR);
    free(line);
    return NULL;
}

static void *accept_all(void *data)
{
    http_peer_t *peer = data;
    while (peer->nlines < HTTP_PEER_MOST) {
        int fd = accept(peer->listens, NULL, NULL);
        if (fd < 0 || peer->stopping) {
            break;
        }
        line_t *line = calloc(1, sizeof(*line));
        line->peer = peer;
        line->fd = fd;
        peer->sockets[peer->nlines] = fd;
        pthread_create(&peer->lines[peer->nlines++], NULL, run_line, line);
    }
    return NULL;
}

void http_peer_start(http_peer_t *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    memset(peer, 0, sizeof(*peer));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listens = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(peer->listens, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(peer->listens, HTTP_PEER_MOST), 0);
    ck_assert_int_eq(getsockname(peer->listens, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&peer->acceptor, NULL, accept_all, peer), 0);
}

void http_peer_stop(http_peer_t *peer)
{
    peer->stopping = 1;
    shutdown(peer->listens, SHUT_RDWR);
    pthread_join(peer->acceptor, NULL);
    close(peer->listens);
    for (int i = 0; i < peer->nlines; i++) {
        shutdown(peer->sockets[i], SHUT_RDWR);
        pthread_join(peer->lines[i], NULL);
        close(peer->sockets[i]);
    }
}

const char *http_peer_url(const http_peer_t *peer, const char *path, apr_pool_t *pool)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", peer->port, path);
}
