/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <stdint.h>
#include <string.h>

authp_id_t authp_id_new(const authp_clock_t *clock, const authp_random_t *random)
{
    unsigned char bytes[AUTHP_ID_BYTES];
    authp_ms_t now = authp_clock_now(clock);
    uint32_t seconds = (uint32_t)(now / 1000);
    uint32_t thousandths = (uint32_t)(now % 1000);
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(seconds >> (24 - 8 * i));
    }
    bytes[4] = (unsigned char)(thousandths >> 8);
    bytes[5] = (unsigned char)(thousandths & 0xFFu);
    authp_random_fill(random, bytes + 6, sizeof(bytes) - 6);
    return authp_id_unpack(bytes);
}

authp_id_t authp_id_unpack(const unsigned char bytes[AUTHP_ID_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    authp_id_t id;
    for (size_t i = 0; i < AUTHP_ID_BYTES; i++) {
        id.hex[2 * i] = digits[bytes[i] >> 4];
        id.hex[2 * i + 1] = digits[bytes[i] & 0x0F];
    }
    id.hex[AUTHP_ID_LEN] = '\0';
    return id;
}

static unsigned char nibble(char c)
{
    return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void authp_id_pack(const char *hex, unsigned char out[AUTHP_ID_BYTES])
{
    for (size_t i = 0; i < AUTHP_ID_BYTES; i++) {
        out[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    }
}

bool authp_id_valid(const char *text)
{
    return text != NULL && strspn(text, "0123456789abcdef") == AUTHP_ID_LEN &&
           text[AUTHP_ID_LEN] == '\0';
}
