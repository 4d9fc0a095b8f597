/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PAGES_PAGES_TEXT_H
#define AUTHP_API_PAGES_PAGES_TEXT_H

#include <stddef.h>

/* The pages of api/pages/, embedded by the build (build/embed.pl). A NUL follows each text. The
 * length does not count it. The Content-Security-Policy of a page allows what the page needs and
 * nothing else. */
extern const unsigned char authp_pages_text_verify[];
extern const size_t authp_pages_text_verify_len;
extern const char authp_pages_text_verify_policy[];
extern const unsigned char authp_pages_text_reset[];
extern const size_t authp_pages_text_reset_len;
extern const char authp_pages_text_reset_policy[];

#endif
