/* SPDX-License-Identifier: Apache-2.0 */
#include "net/certificates.h"
#include "base/log.h"

#include <stdbool.h>
#include <string.h>

#include <apr_file_io.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#define FILE_MOST 4194304 /* bytes of a file of certificates */

/* Reads a whole file. NULL: it cannot be read, or is too large. */
static const char *read_file(const char *path, size_t *len, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool) !=
        APR_SUCCESS) {
        return NULL;
    }
    char *text = NULL;
    if (apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file) == APR_SUCCESS &&
        info.filetype == APR_REG && info.size <= FILE_MOST) {
        text = apr_palloc(pool, (apr_size_t)info.size + 1);
        *len = 0;
        if (apr_file_read_full(file, text, (apr_size_t)info.size, len) != APR_SUCCESS) {
            text = NULL;
        }
    }
    apr_file_close(file);
    return text;
}

static bool has_certificate(const char *pem, size_t len)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    X509 *first = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    const bool found = first != NULL;
    X509_free(first);
    BIO_free(bio);
    ERR_clear_error();
    return found;
}

authp_err_t authp_certificates_join(const char *path, struct curl_blob *out, apr_pool_t *pool)
{
    size_t own_len = 0;
    size_t system_len = 0;
    const char *own = read_file(path, &own_len, pool);
    if (own == NULL || !has_certificate(own, own_len)) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0012", "%s: %s", path,
                  own == NULL ? "this file of certificates cannot be read"
                              : "no certificate in this file");
        return AUTHP_E_MALFORMED;
    }
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    const char *system =
        version->cainfo != NULL ? read_file(version->cainfo, &system_len, pool) : NULL;
    if (system == NULL) {
        system_len = 0;
    }
    char *all = apr_palloc(pool, system_len + 1 + own_len);
    if (system_len > 0) {
        memcpy(all, system, system_len);
    }
    all[system_len] = '\n';
    memcpy(all + system_len + 1, own, own_len);
    *out =
        (struct curl_blob){.data = all, .len = system_len + 1 + own_len, .flags = CURL_BLOB_NOCOPY};
    return AUTHP_OK;
}
