/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_SENT_CODES_H
#define AUTHP_TEST_SENT_CODES_H

#include "base/err.h"
#include "fixture.h"
#include "service/otp/sender.h"

/* A service that sends one-time codes to nobody and keeps the last one. */
typedef struct sent_codes_t {
    char code[AUTHP_SENDER_LENGTH_MOST + 1]; /* of the last message */
    char phone[24];
    int messages;
    authp_err_t outcome; /* what sending returns */
} sent_codes_t;

extern sent_codes_t sent_codes;

/* Sets sent_codes back, and realm->otp to that service. */
void sent_codes_open(const fixture_t *f);
/* A code that is not the last one. */
const char *sent_codes_wrong(const fixture_t *f);

#endif
