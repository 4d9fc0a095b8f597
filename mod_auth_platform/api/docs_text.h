/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_DOCS_TEXT_H
#define AUTHP_API_DOCS_TEXT_H

#include <stddef.h>

/* The files of api/docs/ as the build embeds them (build/embed.pl). Each text ends in a NUL that
 * its length does not count. */
extern const unsigned char authp_docs_text_page[];
extern const size_t authp_docs_text_page_len;
/* The Content-Security-Policy under which that page works, and nothing more. */
extern const char authp_docs_text_policy[];
extern const unsigned char authp_docs_text_examples[];
extern const size_t authp_docs_text_examples_len;
/* {"METHOD /path": [paragraph, ...]}: the description of each route. */
extern const unsigned char authp_docs_text_about[];
extern const size_t authp_docs_text_about_len;

#endif
