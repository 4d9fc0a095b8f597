/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_DOCS_TEXT_H
#define AUTHP_API_OPENAPI_DOCS_TEXT_H

#include <stddef.h>

/* The files of api/docs/, embedded by the build (build/embed.pl). A NUL follows each text. The
 * length does not count it. */
extern const unsigned char authp_docs_text_page[];
extern const size_t authp_docs_text_page_len;
/* The Content-Security-Policy of that page. It allows what the page needs and nothing else. */
extern const char authp_docs_text_page_policy[];
extern const unsigned char authp_docs_text_examples[];
extern const size_t authp_docs_text_examples_len;
/* {"METHOD /path": [paragraph, ...]}: the description of each route. */
extern const unsigned char authp_docs_text_about[];
extern const size_t authp_docs_text_about_len;

#endif
