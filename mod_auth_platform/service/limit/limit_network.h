/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_LIMIT_NETWORK_H
#define AUTHP_SERVICE_LIMIT_LIMIT_NETWORK_H

#include <stddef.h>

#define AUTHP_LIMIT_NETWORK_MOST 16

/* Writes the bytes under which a client address (NULL counts as "") is counted, and returns their
 * number: 4 of an IPv4 address, and of an IPv4-mapped IPv6 address, which counts as IPv4; the first
 * 8 of another IPv6 address, because one customer has a whole /64. 0: the text is no address. */
size_t authp_limit_network(const char *ip, unsigned char out[AUTHP_LIMIT_NETWORK_MOST]);

#endif
