/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ID_H
#define AUTHP_BASE_ID_H

#include "base/clock.h"
#include "base/random.h"

#include <stdbool.h>

/* An id is 24 lower-case hex characters in every store. It is a BSON ObjectId: 4 bytes of seconds,
 * 2 bytes of milliseconds, 6 random bytes. So ids sort by the millisecond of their creation,
 * whichever process made them. */
#define AUTHP_ID_LEN 24
#define AUTHP_ID_BYTES (AUTHP_ID_LEN / 2)

typedef struct authp_id_t {
    char hex[AUTHP_ID_LEN + 1];
} authp_id_t;

authp_id_t authp_id_new(const authp_clock_t *clock, const authp_random_t *random);
/* True for exactly 24 characters of [0-9a-f]. False for NULL. */
bool authp_id_valid(const char *text);
/* Convert a valid id to its 12 bytes, and 12 bytes to an id. */
void authp_id_pack(const char *hex, unsigned char out[AUTHP_ID_BYTES]);
authp_id_t authp_id_unpack(const unsigned char bytes[AUTHP_ID_BYTES]);

#endif
