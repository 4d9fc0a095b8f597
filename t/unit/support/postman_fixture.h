/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_POSTMAN_FIXTURE_H
#define AUTHP_TEST_POSTMAN_FIXTURE_H

#include "mail_fixture.h"
#include "service/mail/postman.h"

#define POSTMAN_FIXTURE_SCRIPT 64

/* What the scripted sender answers. */
typedef struct postman_script_t {
    authp_err_t err;
    authp_smtp_verdict_t verdict;
} postman_script_t;

/* A postman on the in-memory store. Its sender follows a script, both of its clocks are the fake
 * one, and its waits only move that clock. Only one exists at a time. */
typedef struct postman_fixture_t {
    fixture_t f;
    authp_postman_t postman;
    authp_mail_sender_t sender;
    authp_mail_desk_t desk;
    atomic_bool cancel;
    authp_user_t *user; /* to whom links are mailed */
    /* The script: the next answers of the sender. After its end each mail is taken. */
    postman_script_t script[POSTMAN_FIXTURE_SCRIPT];
    int scripted;
    int next;
    void (*during)(struct postman_fixture_t *p);        /* NULL, or runs inside of each call */
    void (*while_waiting)(struct postman_fixture_t *p); /* NULL, or runs in each wait */
    /* What the sender got. */
    int calls;
    int sent;
    int rounds_ended;
    authp_ms_t sent_at[1100]; /* by the fake clock */
    const char *to;           /* the last mail */
    const char *from;         /* "name/address" */
    const char *id;
    const char *text;
    authp_ms_t date;
    char log[20000]; /* all lines: "warning AUTHP0323: ..." */
} postman_fixture_t;

void postman_fixture_open(postman_fixture_t *p);
/* Fails the test if a line of the log has an address or something that looks like a token. */
void postman_fixture_close(postman_fixture_t *p);

/* Writes a mail without a link and with a code, a millisecond after the last one. */
void postman_fixture_notice(postman_fixture_t *p, authp_mail_kind_t kind, const char *to);
/* Writes a mail with a link to p->user, a millisecond after the last one. */
void postman_fixture_link(postman_fixture_t *p, authp_mail_kind_t kind);
/* Adds an answer to the script. `verdict` may be NULL. */
void postman_fixture_script(postman_fixture_t *p, authp_err_t err,
                            const authp_smtp_verdict_t *verdict);
void postman_fixture_round(postman_fixture_t *p);
/* The row of the mail that was written as number `index`, as it is in the store. The row may be
 * changed. */
authp_mail_row_t *postman_fixture_stored(const postman_fixture_t *p, int index);
const authp_mail_row_t *postman_fixture_row(const postman_fixture_t *p, int index);
/* How many mails have been written. */
int postman_fixture_rows(const postman_fixture_t *p);
/* How many lines of the log have that text, such as "error AUTHP0320". */
int postman_fixture_lines(const postman_fixture_t *p, const char *text);
/* The realm gets a vault that cannot unwrap the data key of the mails. */
void postman_fixture_other_vault(postman_fixture_t *p);

#endif
