/* SPDX-License-Identifier: Apache-2.0 */
#include "otp_fixture.h"

#include <apr_strings.h>
#include <string.h>

#include <check.h>

static void note(otp_fixture_t *o, const authp_otp_message_t *message)
{
    apr_cpystrn(o->phone, message->phone, sizeof(o->phone));
    apr_cpystrn(o->code, message->code != NULL ? message->code : "", sizeof(o->code));
    o->length = message->length;
    o->minutes = message->minutes;
}

static authp_err_t send_now(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    otp_fixture_t *o = ctx;
    (void)pool;
    atomic_fetch_add(&o->sent, 1);
    note(o, message);
    return o->send_answer;
}

static authp_err_t leave(void *ctx, const authp_otp_message_t *message)
{
    otp_fixture_t *o = ctx;
    atomic_fetch_add(&o->sent, 1);
    atomic_fetch_add(&o->later, 1);
    note(o, message);
    return o->send_answer;
}

static authp_err_t verify(void *ctx, const char *phone, const char *code, apr_pool_t *pool)
{
    otp_fixture_t *o = ctx;
    (void)phone, (void)code, (void)pool;
    atomic_fetch_add(&o->asked, 1);
    return o->verify_answer;
}

void otp_fixture_open(otp_fixture_t *o, fixture_t *f)
{
    memset(o, 0, sizeof(*o));
    o->sender = (authp_otp_sender_t){
        .name = "msg91", .send = send_now, .send_later = leave, .verify = verify, .ctx = o};
    f->realm->otp = &o->sender;
    f->settings->limits = true;
}

authp_err_t otp_fixture_send(fixture_t *f, const char *phone, authp_otp_purpose_t purpose)
{
    const authp_otp_request_t request = {.phone = phone, .purpose = purpose, .known = true};
    return authp_otp_send(f->realm, &request, &fixture_client, f->pool);
}

authp_err_t otp_fixture_enter(const authp_realm_t *realm, const char *phone,
                              authp_otp_purpose_t purpose, const char *code, apr_pool_t *pool)
{
    authp_otp_code_t *right = NULL;
    authp_err_t err = authp_otp_check(realm, &(authp_otp_try_t){phone, purpose, code},
                                      &fixture_client, &right, pool);
    return err == AUTHP_OK ? authp_otp_use(realm, right, pool) : err;
}

const char *otp_fixture_wrong(const otp_fixture_t *o, apr_pool_t *pool)
{
    char *code = apr_pstrdup(pool, o->code);
    code[0] = (char)(code[0] == '9' ? '0' : code[0] + 1);
    return code;
}
