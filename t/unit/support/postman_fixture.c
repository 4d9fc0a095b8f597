/* SPDX-License-Identifier: Apache-2.0 */
#include "postman_fixture.h"

#include "base/log.h"
#include "mem_impl.h"
#include "no_secrets.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"
#include "service/mail/mail_texts.h"
#include "service/vault/vault.h"

#include <string.h>

#include <apr_strings.h>
#include <check.h>

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char *const levels[] = {"error ", "warning ", "notice ", "info ", "debug "};
    postman_fixture_t *p = ctx;
    no_secrets_in(message);
    ck_assert_msg(strchr(message, '@') == NULL, "an address: %s", message);
    ck_assert_uint_lt(strlen(p->log) + strlen(message) + 10, sizeof(p->log));
    strcat(strcat(strcat(p->log, levels[level]), message), "\n");
}

static authp_err_t take(void *ctx, const authp_message_t *message, const atomic_bool *cancel,
                        authp_smtp_verdict_t *verdict, apr_pool_t *pool)
{
    postman_fixture_t *p = ctx;
    (void)pool;
    ck_assert_ptr_eq(cancel, &p->cancel);
    ck_assert_int_lt(p->calls, (int)(sizeof(p->sent_at) / sizeof(p->sent_at[0])));
    p->sent_at[p->calls++] = p->f.clock.now;
    p->to = apr_pstrdup(p->f.pool, message->to);
    p->from = apr_pstrcat(p->f.pool, message->from_name, "/", message->from, NULL);
    p->id = apr_pstrdup(p->f.pool, message->id);
    p->text = apr_pstrcat(p->f.pool, message->subject, "\n", message->text, NULL);
    p->date = message->date;
    if (p->during != NULL) {
        p->during(p);
    }
    if (p->next < p->scripted) {
        const postman_script_t *answer = &p->script[p->next++];
        *verdict = answer->verdict;
        p->sent += answer->err == AUTHP_OK;
        return answer->err;
    }
    p->sent++;
    *verdict = (authp_smtp_verdict_t){.stage = AUTHP_SMTP_AFTER_DATA, .reply = {.code = 250}};
    return AUTHP_OK;
}

static void end_round(void *ctx)
{
    postman_fixture_t *p = ctx;
    p->rounds_ended++;
}

static void wait_for(void *ctx, int ms)
{
    postman_fixture_t *p = ctx;
    ck_assert_int_gt(ms, 0);
    p->f.clock.now += ms;
    if (p->while_waiting != NULL) {
        p->while_waiting(p);
    }
}

void postman_fixture_open(postman_fixture_t *p)
{
    *p = (postman_fixture_t){.next = 0};
    fixture_open(&p->f);
    mail_fixture_on(&p->f);
    p->f.settings->mail_from_name = "Us";
    p->f.settings->mail_from_address = "us@example.org";
    p->user = mail_fixture_user(&p->f, "ada@example.org", "candidate");
    authp_mail_texts_t *texts = NULL;
    apr_array_header_t *errors = apr_array_make(p->f.pool, 1, sizeof(const char *));
    ck_assert_int_eq(authp_mail_texts_load(p->f.settings, &texts, errors, p->f.pool), AUTHP_OK);
    p->f.realm->mail_texts = texts;
    p->f.realm->mail_desk = &p->desk;
    p->sender = (authp_mail_sender_t){take, end_round, p};
    p->postman = (authp_postman_t){.realm = p->f.realm,
                                   .sender = &p->sender,
                                   .desk = &p->desk,
                                   .monotonic = &p->f.clock.clock,
                                   .wait = wait_for,
                                   .ctx = p,
                                   .cancel = &p->cancel};
    authp_log_set_sink(keep, p);
}

void postman_fixture_close(postman_fixture_t *p)
{
    authp_log_set_sink(NULL, NULL);
    fixture_close(&p->f);
}

void postman_fixture_notice(postman_fixture_t *p, authp_mail_kind_t kind, const char *to)
{
    const authp_mail_post_t post = {.kind = kind, .to = to, .code = "INVITE-CODE"};
    p->f.clock.now++;
    ck_assert_int_eq(authp_mail_notice(p->f.realm, &post, NULL, p->f.pool), AUTHP_OK);
}

void postman_fixture_link(postman_fixture_t *p, authp_mail_kind_t kind)
{
    const authp_link_new_t in = {.kind = kind, .user = p->user, .to = p->user->email};
    p->f.clock.now++;
    ck_assert_int_eq(authp_link_send(p->f.realm, &in, p->f.pool), AUTHP_OK);
}

void postman_fixture_script(postman_fixture_t *p, authp_err_t err,
                            const authp_smtp_verdict_t *verdict)
{
    ck_assert_int_lt(p->scripted, POSTMAN_FIXTURE_SCRIPT);
    if (p->next == p->scripted) {
        p->next = p->scripted = 0;
    }
    postman_script_t *answer = &p->script[p->scripted++];
    answer->err = err;
    answer->verdict =
        verdict != NULL ? *verdict : (authp_smtp_verdict_t){.stage = AUTHP_SMTP_CONNECT};
}

void postman_fixture_round(postman_fixture_t *p)
{
    authp_postman_round(&p->postman, p->f.pool);
}

authp_mail_row_t *postman_fixture_stored(const postman_fixture_t *p, int index)
{
    const mem_t *mem = p->f.store->self;
    ck_assert_int_lt(index, mem->outbox->nelts);
    return APR_ARRAY_IDX(mem->outbox, index, authp_mail_row_t *);
}

const authp_mail_row_t *postman_fixture_row(const postman_fixture_t *p, int index)
{
    return postman_fixture_stored(p, index);
}

int postman_fixture_rows(const postman_fixture_t *p)
{
    const mem_t *mem = p->f.store->self;
    return mem->outbox->nelts;
}

int postman_fixture_lines(const postman_fixture_t *p, const char *text)
{
    int count = 0;
    for (const char *at = p->log; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

void postman_fixture_other_vault(postman_fixture_t *p)
{
    static const char other[] = "other-key-other-key-other-key-other-key";
    authp_settings_t *settings = apr_pmemdup(p->f.pool, p->f.settings, sizeof(*settings));
    settings->jwt_secret = authp_secret_make(other, sizeof(other) - 1, p->f.pool);
    ck_assert_int_eq(
        authp_vault_make(settings, authp_clock_monotonic(), &p->f.realm->vault, p->f.pool),
        AUTHP_OK);
}
