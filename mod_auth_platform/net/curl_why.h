/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_CURL_WHY_H
#define AUTHP_NET_CURL_WHY_H

#include <curl/curl.h>

/* The text that libcurl or OpenSSL has for the error `rc` of `easy`. It is constant and has no part
 * of the request or of the answer. Never NULL. */
const char *authp_curl_why(CURL *easy, CURLcode rc);

#endif
