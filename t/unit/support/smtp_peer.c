/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp_peer.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 20

typedef struct line_t {
    smtp_peer_t *peer;
    int socket;
    int number;
    char text[SMTP_PEER_TEXT];
    size_t len;
} line_t;

static bool readable(const smtp_peer_t *peer, int socket)
{
    struct pollfd one = {.fd = socket, .events = POLLIN};
    while (!atomic_load(&peer->stopping)) {
        if (poll(&one, 1, TICK_MS) > 0) {
            return true;
        }
    }
    return false;
}

static bool say(line_t *line, const char *text)
{
    size_t len = strlen(text);
    return send(line->socket, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Reads a line. False: the end. */
static bool read_line(line_t *line)
{
    line->len = 0;
    while (line->len + 1 < sizeof(line->text)) {
        char byte = '\0';
        if (!readable(line->peer, line->socket) || recv(line->socket, &byte, 1, 0) != 1) {
            return false;
        }
        line->text[line->len++] = byte;
        if (byte == '\n') {
            break;
        }
    }
    line->text[line->len] = '\0';
    return true;
}

static void flood(line_t *line)
{
    while (!atomic_load(&line->peer->stopping) && say(line, "250-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) {
    }
}

/* NULL: there is none. */
static const smtp_peer_rule_t *rule_of(const line_t *line, const char *at)
{
    smtp_peer_t *peer = line->peer;
    for (int i = 0; i < SMTP_PEER_RULES && peer->rules[i].at != NULL; i++) {
        const smtp_peer_rule_t *rule = &peer->rules[i];
        if (strcmp(rule->at, at) == 0 &&
            (rule->connection == 0 || rule->connection == line->number) &&
            atomic_load(&peer->mails) >= peer->begin_after) {
            return rule;
        }
    }
    return NULL;
}

/* Answers as a rule says, else with `usual`. False: the connection shall end. */
static bool answer(line_t *line, const char *at, const char *usual)
{
    const smtp_peer_rule_t *rule = rule_of(line, at);
    if (rule == NULL) {
        return say(line, usual);
    }
    if (rule->reply == NULL) {
        return false;
    }
    if (strcmp(rule->reply, "flood") == 0) {
        flood(line);
        return false;
    }
    if (rule->reply[0] == '\0') {
        return readable(line->peer, line->socket); /* the client ends it */
    }
    return say(line, rule->reply);
}

static bool take_mail(line_t *line)
{
    smtp_peer_t *peer = line->peer;
    peer->mail[0] = '\0';
    if (!answer(line, "body", "")) {
        return false;
    }
    while (read_line(line)) {
        if (strcmp(line->text, ".\r\n") == 0) {
            atomic_fetch_add(&peer->mails, 1);
            return answer(line, ".", "250 2.0.0 kept\r\n");
        }
        strncat(peer->mail, line->text, sizeof(peer->mail) - strlen(peer->mail) - 1);
    }
    return false;
}

static void serve(line_t *line)
{
    smtp_peer_t *peer = line->peer;
    if (!answer(line, "", "220 peer\r\n")) {
        return;
    }
    while (read_line(line)) {
        char verb[5] = "";
        char entry[32];
        memcpy(verb, line->text, 4);
        snprintf(entry, sizeof(entry), "%d %s\n", line->number, verb);
        strncat(peer->commands, entry, sizeof(peer->commands) - strlen(peer->commands) - 1);
        const bool data = strcmp(verb, "DATA") == 0;
        if (strcmp(verb, "EHLO") == 0) {
            (void)apr_cpystrn(peer->hello, line->text, sizeof(peer->hello));
        }
        const char *usual = strcmp(verb, "EHLO") == 0   ? "250-peer\r\n250 8BITMIME\r\n"
                            : strcmp(verb, "QUIT") == 0 ? "221 bye\r\n"
                            : data                      ? "354 go\r\n"
                                                        : "250 ok\r\n";
        if (!answer(line, verb, usual) || strcmp(verb, "QUIT") == 0) {
            return;
        }
        const smtp_peer_rule_t *rule = rule_of(line, "DATA");
        const bool refused =
            rule != NULL && (rule->reply == NULL || strncmp(rule->reply, "354", 3) != 0);
        if (data && !refused && !take_mail(line)) {
            return;
        }
    }
}

static void *run(void *data)
{
    static line_t line;
    smtp_peer_t *peer = data;
    while (readable(peer, peer->listens)) {
        line.peer = peer;
        line.socket = accept(peer->listens, NULL, NULL);
        line.number = atomic_fetch_add(&peer->connections, 1) + 1;
        serve(&line);
        close(line.socket);
    }
    return NULL;
}

void smtp_peer_start(smtp_peer_t *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    peer->listens = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(peer->listens, 0);
    ck_assert_int_eq(bind(peer->listens, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(peer->listens, 8), 0);
    ck_assert_int_eq(getsockname(peer->listens, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
}

void smtp_peer_stop(smtp_peer_t *peer)
{
    atomic_store(&peer->stopping, 1);
    pthread_join(peer->thread, NULL);
    close(peer->listens);
}
