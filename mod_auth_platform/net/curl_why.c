/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl_why.h"

#include <openssl/x509.h>

const char *authp_curl_why(CURL *easy, CURLcode rc)
{
    long verified = X509_V_OK;
    if (rc == CURLE_PEER_FAILED_VERIFICATION &&
        curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified) == CURLE_OK) {
        /* libcurl compares the host before it asks OpenSSL for the result: 1 is its first value. */
        return verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED
                   ? "the certificate is not for this host"
                   : X509_verify_cert_error_string(verified);
    }
    return curl_easy_strerror(rc);
}
