/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PASSWORD_COMMON_PASSWORDS_H
#define AUTHP_SERVICE_PASSWORD_COMMON_PASSWORDS_H

#include <stddef.h>
#include <stdint.h>

/* The list of data/common_passwords.txt, made into C by build/passwords.pl. The text has the words
 * in lower case, each followed by a NUL. authp_common_passwords_at has the offsets of the words in
 * the text, in strcmp() order of the words. */
extern const char authp_common_passwords_text[];
extern const uint32_t authp_common_passwords_at[];
extern const size_t authp_common_passwords_count;

#endif
