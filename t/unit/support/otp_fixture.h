/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_OTP_FIXTURE_H
#define AUTHP_TEST_OTP_FIXTURE_H

#include "fixture.h"
#include "service/otp/otp.h"
#include "service/otp/sender.h"

#include <stdatomic.h>

/* A service that sends codes, in memory. It remembers the last message, and answers as it is told.
 */
typedef struct otp_fixture_t {
    authp_otp_sender_t sender;
    atomic_int sent;                         /* messages, now and later together */
    atomic_int later;                        /* of them, those for later */
    atomic_int asked;                        /* calls of verify() */
    char phone[20];                          /* of the last message */
    char code[AUTHP_SENDER_LENGTH_MOST + 1]; /* "": the service makes it */
    int length;                              /* the number of digits that it asks for */
    int minutes;
    authp_err_t send_answer;
    authp_err_t verify_answer;
} otp_fixture_t;

#define OTP_PHONE "+919876543210"

/* Makes it realm->otp of `f`. Limits are on, as they are by default. */
void otp_fixture_open(otp_fixture_t *o, fixture_t *f);
/* Asks for a code as somebody with an account does. */
AUTHP_CHECKED authp_err_t otp_fixture_send(fixture_t *f, const char *phone,
                                           authp_otp_purpose_t purpose);
/* Checks and uses up. */
AUTHP_CHECKED authp_err_t otp_fixture_enter(const authp_realm_t *realm, const char *phone,
                                            authp_otp_purpose_t purpose, const char *code,
                                            apr_pool_t *pool);
/* Another code of as many digits. */
const char *otp_fixture_wrong(const otp_fixture_t *o, apr_pool_t *pool);

#endif
