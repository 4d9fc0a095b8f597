/* SPDX-License-Identifier: Apache-2.0 */
#include "sent_codes.h"

#include <apr_strings.h>

sent_codes_t sent_codes;

static authp_err_t send_one(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    (void)ctx;
    (void)pool;
    sent_codes.messages++;
    apr_cpystrn(sent_codes.phone, message->phone, sizeof(sent_codes.phone));
    apr_cpystrn(sent_codes.code, message->code, sizeof(sent_codes.code));
    return sent_codes.outcome;
}

static const authp_otp_sender_t sender = {.name = "test", .send = send_one};

void sent_codes_open(const fixture_t *f)
{
    sent_codes = (sent_codes_t){.outcome = AUTHP_OK};
    f->realm->otp = &sender;
}

const char *sent_codes_wrong(const fixture_t *f)
{
    char *code = apr_pstrdup(f->pool, sent_codes.code);
    code[0] = code[0] == '1' ? '2' : '1';
    return code;
}
