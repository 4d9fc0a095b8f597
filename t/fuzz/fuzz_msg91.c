/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of MSG91. The first byte of the input says what was asked: 'S' is a message to send,
 * anything else a code to check. The second one is the hundreds of the status, the rest is the
 * body. */
#include "fuzz.h"
#include "service/otp/msg91_answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

/* True if the body has a string of that content, or an escape that may spell it. */
static bool may_say(const char *body, const char *text)
{
    return strstr(body, text) != NULL || strstr(body, "\\u") != NULL;
}

static void check_sent(const authp_fetched_t *answer, authp_err_t err)
{
    FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_OTP_SEND_FAILED);
    if (err == AUTHP_OK) {
        FUZZ_DEMAND(answer->status == 200 && strlen(answer->body) == answer->len);
        FUZZ_DEMAND(may_say(answer->body, "\"success\""));
        FUZZ_DEMAND(may_say(answer->body, "\"request_id\"") ||
                    may_say(answer->body, "\"message\""));
    }
}

static void check_verified(const authp_fetched_t *answer, authp_err_t err)
{
    FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_INVALID_OTP || err == AUTHP_E_OTP_EXPIRED ||
                err == AUTHP_E_OTP_USED || err == AUTHP_E_UNAVAILABLE ||
                err == AUTHP_E_OTP_SEND_FAILED);
    FUZZ_DEMAND(answer->status < 500 || err == AUTHP_E_UNAVAILABLE);
    if (err == AUTHP_OK) {
        FUZZ_DEMAND(answer->status == 200 && strlen(answer->body) == answer->len);
        FUZZ_DEMAND(may_say(answer->body, "\"success\""));
        FUZZ_DEMAND(may_say(answer->body, "\"OTP verified success\""));
    }
}

/* The words for the log: of one line, short, and without a digit, which could be of a code. */
static void check_said(const char *said)
{
    FUZZ_DEMAND(said != NULL && strlen(said) <= 130);
    FUZZ_DEMAND(strncmp(said, "status ", 7) == 0);
    for (const char *at = said + strlen("status 000"); *at != '\0'; at++) {
        FUZZ_DEMAND(*at >= ' ' && *at < 0x7f && (*at < '0' || *at > '9'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    const char *said = NULL;
    if (size < 2) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    char *body = apr_pcalloc(pool, size - 1);
    memcpy(body, data + 2, size - 2);
    const authp_fetched_t answer = {
        .status = (data[1] >= '1' && data[1] <= '5' ? data[1] - '0' : 2) * 100,
        .body = body,
        .len = size - 2};
    if (data[0] == 'S') {
        check_sent(&answer, authp_msg91_answer_sent(&answer, &said, pool));
    } else {
        check_verified(&answer, authp_msg91_answer_verified(&answer, &said, pool));
    }
    check_said(said);
    apr_pool_destroy(pool);
    return 0;
}
