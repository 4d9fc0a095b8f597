/* SPDX-License-Identifier: Apache-2.0 */
#include "service/limit/limit_network.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define IPV6_NETWORK 8 /* bytes */
#define IPV4_AT 12     /* offset in an IPv4-mapped IPv6 address */

size_t authp_limit_network(const char *ip, unsigned char out[AUTHP_LIMIT_NETWORK_MOST])
{
    const char *text = ip != NULL ? ip : "";
    struct in6_addr v6;
    struct in_addr v4;
    if (inet_pton(AF_INET6, text, &v6) == 1) {
        bool is_v4 = IN6_IS_ADDR_V4MAPPED(&v6);
        size_t len = is_v4 ? sizeof(v4) : IPV6_NETWORK;
        memcpy(out, v6.s6_addr + (is_v4 ? IPV4_AT : 0), len);
        return len;
    }
    if (inet_pton(AF_INET, text, &v4) == 1) {
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    }
    return 0;
}
