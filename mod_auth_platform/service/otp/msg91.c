/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/msg91.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "service/otp/later.h"
#include "service/otp/msg91_answer.h"
#include "service/phone/phone.h"

#include <apr_strings.h>
#include <string.h>

#define ANSWER_MOST 16384 /* bytes */
#define LEAST_LENGTH 4    /* digits of a code */

typedef struct msg91_t {
    const authp_fetcher_t *fetcher;
    authp_places_t *share;
    const authp_secret_t *key;
    const char *base;     /* without a slash at the end */
    const char *template; /* percent-encoded */
    authp_later_t *later;
} msg91_t;

static bool is_digits(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_phone(const char *phone)
{
    return phone[0] == '+' && is_digits(phone + 1);
}

static bool is_code(const char *code)
{
    size_t len = strlen(code);
    return len >= LEAST_LENGTH && len <= AUTHP_SENDER_LENGTH_MOST && is_digits(code);
}

/* Sends one request. If a caller waits for its answer (`waits`), it needs a place. Wipes `url`,
 * which may have a code. AUTHP_E_UNAVAILABLE, logged: no place, or no answer that can be used. */
static authp_err_t ask(const msg91_t *msg91, authp_fetch_t *request, char *url, bool waits,
                       authp_fetched_t *out, apr_pool_t *pool)
{
    authp_err_t err = AUTHP_E_BUSY;
    request->url = url;
    request->secret_name = "authkey";
    request->secret = msg91->key;
    request->timeout_ms = AUTHP_MSG91_TIMEOUT_MS;
    request->limit = ANSWER_MOST;
    /* MSG91 would send a second message, or answer "already verified" to the second question. */
    request->once = true;
    if (waits && !authp_places_enter(msg91->share)) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0365", "too many requests wait for MSG91");
    } else {
        err = authp_fetch(msg91->fetcher, request, out, pool);
        if (waits) {
            authp_places_leave(msg91->share, err == AUTHP_OK);
        }
    }
    authp_secret_wipe(url, strlen(url));
    return err == AUTHP_OK ? err : AUTHP_E_UNAVAILABLE;
}

/* The words of an answer for a log line. The key could be one of them. */
static const char *without_key(const msg91_t *msg91, const char *said)
{
    return strstr(said, (const char *)authp_secret_bytes(msg91->key)) == NULL ? said : "its key";
}

static char *send_url(const msg91_t *msg91, const authp_otp_message_t *message, apr_pool_t *pool)
{
    const bool own = message->code != NULL;
    return apr_pstrcat(pool, msg91->base, "/api/v5/otp?template_id=", msg91->template,
                       "&mobile=", message->phone + 1,
                       "&otp_length=", apr_itoa(pool, message->length),
                       "&otp_expiry=", apr_itoa(pool, message->minutes), own ? "&otp=" : NULL,
                       message->code, NULL);
}

/* `cancel` is NULL if a caller waits for the result. */
static authp_err_t send_now(const msg91_t *msg91, const authp_otp_message_t *message,
                            const atomic_bool *cancel, apr_pool_t *pool)
{
    authp_fetched_t answer = {0};
    authp_fetch_t request = {.json = "{}", .cancel = cancel};
    const char *said = NULL;
    if (!is_phone(message->phone) || (message->code != NULL && !is_code(message->code))) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0363", "a code or a number is not as it must be");
        return AUTHP_E_INTERNAL;
    }
    authp_err_t err =
        ask(msg91, &request, send_url(msg91, message, pool), cancel == NULL, &answer, pool);
    if (err != AUTHP_OK) {
        return AUTHP_E_OTP_SEND_FAILED;
    }
    err = authp_msg91_answer_sent(&answer, &said, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0364", "MSG91 did not send a code to %s: %s",
                  authp_phone_logged(message->phone, pool), without_key(msg91, said));
    }
    return err;
}

static authp_err_t send_message(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    return send_now(ctx, message, NULL, pool);
}

static void send_waiting(void *ctx, const authp_otp_message_t *message, const atomic_bool *cancel,
                         apr_pool_t *pool)
{
    authp_err_t err = send_now(ctx, message, cancel, pool);
    (void)err; /* send_now() has logged it, and nobody waits for the result */
}

static authp_err_t send_later(void *ctx, const authp_otp_message_t *message)
{
    const msg91_t *msg91 = ctx;
    return authp_later_add(msg91->later, message);
}

static authp_err_t verify(void *ctx, const char *phone, const char *code, apr_pool_t *pool)
{
    const msg91_t *msg91 = ctx;
    const char *said = NULL;
    authp_fetched_t answer = {0};
    authp_fetch_t request = {0};
    if (!is_phone(phone) || !is_code(code)) {
        return AUTHP_E_INVALID_OTP;
    }
    char *url = apr_pstrcat(pool, msg91->base, "/api/v5/otp/verify?mobile=", phone + 1,
                            "&otp=", code, NULL);
    authp_err_t err = ask(msg91, &request, url, true, &answer, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_msg91_answer_verified(&answer, &said, pool);
    if (err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_OTP_SEND_FAILED) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0366", "MSG91 did not check a code of %s: %s",
                  authp_phone_logged(phone, pool), without_key(msg91, said));
    }
    return err;
}

authp_otp_sender_t *authp_msg91_make(const authp_settings_t *settings,
                                     const authp_fetcher_t *fetcher, authp_places_t *share,
                                     apr_pool_t *pool)
{
    msg91_t *msg91 = apr_pcalloc(pool, sizeof(*msg91));
    authp_otp_sender_t *sender = apr_pcalloc(pool, sizeof(*sender));
    *msg91 = (msg91_t){.fetcher = fetcher,
                       .share = share,
                       .key = settings->msg91_auth_key,
                       .base = settings->msg91_base_url,
                       .template = authp_text_url_encode(settings->msg91_template_id, pool)};
    msg91->later = authp_later_make(send_waiting, msg91, authp_clock_monotonic(), pool);
    *sender = (authp_otp_sender_t){.name = "msg91",
                                   .send = send_message,
                                   .send_later = send_later,
                                   .verify = verify,
                                   .ctx = msg91};
    return sender;
}
