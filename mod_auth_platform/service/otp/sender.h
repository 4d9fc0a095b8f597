/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_SENDER_H
#define AUTHP_SERVICE_OTP_SENDER_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>

/* The service that sends one-time codes as text messages, behind a table of functions. A process
 * has at most one: realm->otp, NULL if codes cannot be sent. msg91.h and mock.h are such services.
 * Many threads may call all functions at the same time. No function logs a code or a whole number.
 */

#define AUTHP_SENDER_LENGTH_MOST 9     /* digits of a code */
#define AUTHP_SENDER_MINUTES_MOST 1440 /* of a code's life */

typedef struct authp_otp_message_t {
    const char *phone; /* E.164, such as +919876543210 */
    const char *code;  /* digits. NULL: the service makes the code, and verify() checks it */
    int length;        /* number of digits of the code, 4 to AUTHP_SENDER_LENGTH_MOST */
    int minutes;       /* life of the code, 1 to AUTHP_SENDER_MINUTES_MOST */
} authp_otp_message_t;

typedef struct authp_otp_sender_t {
    const char *name; /* "msg91", "mock": otp_codes.provider of codes that the service makes */
    /* True: the service makes and checks the codes of all purposes, so `code` of a message is
     * always NULL. False: only those whose message had no code. */
    bool makes_all;
    /* Sends one message. Waits for the service, at most 3 s. AUTHP_OK: the service has accepted the
     * message, which does not mean that it arrives. AUTHP_E_OTP_SEND_FAILED, logged: the service
     * refused it or gave no answer, or as many callers as may wait for the service do so already.
     */
    authp_err_t (*send)(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool);
    /* Leaves a copy of `message`, which has a code, to a thread of this process, and returns at
     * once. The result of the sending is only logged. AUTHP_E_BUSY, logged: too many messages wait,
     * so this one is dropped. */
    authp_err_t (*send_later)(void *ctx, const authp_otp_message_t *message);
    /* Asks the service whether `code` (digits) is the one that it made and sent to `phone` (E.164)
     * last. Waits as send() does. AUTHP_OK: it is, and the service does not accept it again.
     * AUTHP_E_INVALID_OTP: it is not. AUTHP_E_OTP_EXPIRED, AUTHP_E_OTP_USED: the service says so.
     * AUTHP_E_UNAVAILABLE, logged: the service said nothing about the code, so the attempt may be
     * given back. AUTHP_E_OTP_SEND_FAILED, logged: the service refused the question in a way that
     * is not known. That may be about the code, so the attempt must count. */
    authp_err_t (*verify)(void *ctx, const char *phone, const char *code, apr_pool_t *pool);
    void *ctx;
} authp_otp_sender_t;

#endif
