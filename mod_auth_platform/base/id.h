/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ID_H
#define AUTHP_BASE_ID_H

#include "base/clock.h"
#include "base/random.h"

#include <stdbool.h>

/* Ids are 24 lower-case hex characters in every store: a BSON ObjectId of 4 bytes of seconds, 2 of
 * milliseconds and 6 random ones, so that the order of ids is the order of creation in whatever
 * process. */
#define AUTHP_ID_LEN 24
#define AUTHP_ID_BYTES (AUTHP_ID_LEN / 2)

typedef struct authp_id_t {
    char hex[AUTHP_ID_LEN + 1];
} authp_id_t;

authp_id_t authp_id_new(const authp_clock_t *clock, const authp_random_t *random);
/* Exactly 24 characters of [0-9a-f]; NULL is no id. */
bool authp_id_valid(const char *text);
/* A valid id as its bytes, and back. */
void authp_id_pack(const char *hex, unsigned char out[AUTHP_ID_BYTES]);
authp_id_t authp_id_unpack(const unsigned char bytes[AUTHP_ID_BYTES]);

#endif
