/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_THROTTLED_H
#define AUTHP_TEST_THROTTLED_H

#include "http_fake.h"

#define THROTTLED_DEVICE "__Secure-authp_device"

/* Set the body of the next request: a wrong password, or FIXTURE_PASSWORD, which also makes an
 * account. */
void throttled_wrong(http_fake_t *h, const char *email);
void throttled_right(http_fake_t *h, const char *email);
/* Expects status 429 with that Retry-After. */
void throttled_wait(http_fake_t *h, const char *method, const char *path, const char *seconds);
/* Return the device cookie that an answer sets, and set the one that is sent from now on. With NULL
 * an empty cookie is sent. */
const char *throttled_device(http_fake_t *h, const authp_response_t *out);
void throttled_send(http_fake_t *h, const char *value);

#endif
