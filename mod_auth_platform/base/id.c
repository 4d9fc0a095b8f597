/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <stdint.h>
#include <string.h>

authp_id_t authp_id_new(const authp_clock_t *clock, const authp_random_t *random)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[AUTHP_ID_LEN / 2];
    authp_ms_t now = authp_clock_now(clock);
    uint32_t seconds = (uint32_t)(now / 1000);
    uint32_t thousandths = (uint32_t)(now % 1000);
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(seconds >> (24 - 8 * i));
    }
    bytes[4] = (unsigned char)(thousandths >> 8);
    bytes[5] = (unsigned char)(thousandths & 0xFFu);
    authp_random_fill(random, bytes + 6, sizeof(bytes) - 6);

    authp_id_t id;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        id.hex[2 * i] = digits[bytes[i] >> 4];
        id.hex[2 * i + 1] = digits[bytes[i] & 0x0F];
    }
    id.hex[AUTHP_ID_LEN] = '\0';
    return id;
}

bool authp_id_valid(const char *text)
{
    return text != NULL && strspn(text, "0123456789abcdef") == AUTHP_ID_LEN &&
           text[AUTHP_ID_LEN] == '\0';
}
