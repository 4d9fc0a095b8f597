/* SPDX-License-Identifier: Apache-2.0 */
/* If libcurl uses OpenSSL, all connections share one X509_STORE. libcurl's callback for a new
 * connection makes it. All signals are blocked in that callback (net/no_signals.h), so a signal
 * handler of prefork never finds the mutex held by the thread that it runs on. The pool's cleanup
 * takes no lock. If libcurl uses another TLS library, it gets all certificates as one text, which
 * it parses for each connection. */
#include "net/certificates.h"
#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#define FILE_MOST 4194304 /* bytes of a file of certificates */
#define OF_POOL "authp_certificates"
#define TEXT_OF(number) #number
#define OPENSSL_OF(major) "OpenSSL/" TEXT_OF(major) "."

struct authp_certificates_t {
    authp_certificates_t *next; /* of the same pool */
    const char *ca_file;        /* NULL: none */
    const char *own;            /* what ca_file had; NULL: nothing */
    size_t own_len;
    bool shares;           /* false: libcurl gets `all`, if it is not empty */
    struct curl_blob all;  /* the system's and those of ca_file */
    pthread_mutex_t mutex; /* for `store` */
    X509_STORE *store;     /* NULL: no connection yet */
};

/* --- texts ------------------------------------------------------------------------------------ */

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

/* Reads all parts of a PEM text. NULL: a part is not PEM, or there is no memory. The caller frees
 * the result. */
static STACK_OF(X509_INFO) * parse(const char *pem, size_t len)
{
    char no_password[] = "";
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    STACK_OF(X509_INFO) *parts =
        bio != NULL ? PEM_X509_INFO_read_bio(bio, NULL, NULL, no_password) : NULL;
    BIO_free(bio);
    return parts;
}

/* What is wrong with the text of a file of certificates. NULL: nothing. */
static const char *fault_of(const char *pem, size_t len)
{
    STACK_OF(X509_INFO) *parts = parse(pem, len);
    const char *fault =
        parts != NULL ? "no certificate in this file" : "a part of this file is damaged";
    for (int i = 0; i < sk_X509_INFO_num(parts); i++) {
        if (sk_X509_INFO_value(parts, i)->x509 != NULL) {
            fault = NULL;
        }
    }
    sk_X509_INFO_pop_free(parts, X509_INFO_free);
    ERR_clear_error();
    return fault;
}

/* Sets `all`, because libcurl has no option that adds certificates to the system's. */
static void join(authp_certificates_t *certificates, const char *system_file, apr_pool_t *pool)
{
    const size_t own_len = certificates->own_len;
    size_t system_len = 0;
    const char *system = system_file != NULL ? read_file(system_file, &system_len, pool) : NULL;
    if (system == NULL) {
        system_len = 0;
    }
    char *all = apr_palloc(pool, system_len + 1 + own_len);
    if (system_len > 0) {
        memcpy(all, system, system_len);
    }
    all[system_len] = '\n';
    memcpy(all + system_len + 1, certificates->own, own_len);
    certificates->all =
        (struct curl_blob){.data = all, .len = system_len + 1 + own_len, .flags = CURL_BLOB_NOCOPY};
}

/* --- the store -------------------------------------------------------------------------------- */

/* Adds the certificates of ca_file. False: a part of the file is not PEM, or there is no memory. */
static bool add_own(X509_STORE *store, const authp_certificates_t *certificates)
{
    STACK_OF(X509_INFO) *parts = parse(certificates->own, certificates->own_len);
    bool added = parts != NULL;
    for (int i = 0; added && i < sk_X509_INFO_num(parts); i++) {
        X509 *one = sk_X509_INFO_value(parts, i)->x509;
        added = one == NULL || X509_STORE_add_cert(store, one) == 1;
    }
    sk_X509_INFO_pop_free(parts, X509_INFO_free);
    return added;
}

/* Adds all certificates, as libcurl does it: if those of ca_file were added, a failure with the
 * system's certificates is ignored. */
static bool fill(X509_STORE *store, const authp_certificates_t *certificates)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    const bool has_own = certificates->own != NULL;
    if (has_own && !add_own(store, certificates)) {
        return false;
    }
    if (version->cainfo != NULL && X509_STORE_load_file(store, version->cainfo) != 1 && !has_own) {
        return false;
    }
    if (version->capath != NULL && X509_STORE_load_path(store, version->capath) != 1 && !has_own) {
        return false;
    }
    return X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

/* NULL: the certificates cannot be read, or there is no memory. */
static X509_STORE *make_store(const authp_certificates_t *certificates)
{
    X509_STORE *store = X509_STORE_new();
    if (store != NULL && !fill(store, certificates)) {
        X509_STORE_free(store);
        store = NULL;
    }
    ERR_clear_error();
    return store;
}

/* libcurl calls this with the SSL_CTX of each new connection. That SSL_CTX has a store of its own
 * too, which stays empty: libcurl sets flags of it, and another thread may be reading the shared
 * one. */
static CURLcode give(CURL *easy, void *ctx, void *data)
{
    authp_certificates_t *certificates = data;
    (void)easy;
    pthread_mutex_lock(&certificates->mutex);
    if (certificates->store == NULL) {
        certificates->store = make_store(certificates);
    }
    X509_STORE *store = certificates->store;
    pthread_mutex_unlock(&certificates->mutex);
    return store != NULL && SSL_CTX_set1_verify_cert_store((SSL_CTX *)ctx, store) == 1
               ? CURLE_OK
               : CURLE_SSL_CACERT_BADFILE;
}

static apr_status_t release(void *data)
{
    authp_certificates_t *certificates = data;
    X509_STORE_free(certificates->store); /* connections that are still open have references */
    pthread_mutex_destroy(&certificates->mutex);
    return APR_SUCCESS;
}

/* --- calls ------------------------------------------------------------------------------------ */

static authp_certificates_t *find(authp_certificates_t *list, const char *ca_file)
{
    for (; list != NULL; list = list->next) {
        const bool none = list->ca_file == NULL;
        if (none ? ca_file == NULL : ca_file != NULL && strcmp(list->ca_file, ca_file) == 0) {
            break;
        }
    }
    return list;
}

/* True if libcurl's TLS library is the one that this file uses, and libcurl knows where the
 * system's certificates are. */
static bool can_share(const curl_version_info_data *version)
{
    static const char ours[] = OPENSSL_OF(OPENSSL_VERSION_MAJOR);
    return version->ssl_version != NULL &&
           strncmp(version->ssl_version, ours, sizeof(ours) - 1) == 0 &&
           (version->cainfo != NULL || version->capath != NULL);
}

authp_err_t authp_certificates_get(const char *ca_file, authp_certificates_t **out,
                                   apr_pool_t *pool)
{
    void *list = NULL;
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    (void)apr_pool_userdata_get(&list, OF_POOL, pool);
    authp_certificates_t *one = find(list, ca_file);
    if (one != NULL) {
        *out = one;
        return AUTHP_OK;
    }
    one = apr_pcalloc(pool, sizeof(*one));
    one->next = list;
    one->ca_file = apr_pstrdup(pool, ca_file);
    one->shares = can_share(version);
    if (ca_file != NULL) {
        one->own = read_file(ca_file, &one->own_len, pool);
        const char *fault = one->own != NULL ? fault_of(one->own, one->own_len)
                                             : "this file of certificates cannot be read";
        if (fault != NULL) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0012", "%s: %s", ca_file, fault);
            return AUTHP_E_MALFORMED;
        }
        if (!one->shares) {
            join(one, version->cainfo, pool);
        }
    }
    pthread_mutex_init(&one->mutex, NULL);
    apr_pool_cleanup_register(pool, one, release, apr_pool_cleanup_null);
    (void)apr_pool_userdata_setn(one, OF_POOL, NULL, pool);
    *out = one;
    return AUTHP_OK;
}

CURLcode authp_certificates_use(authp_certificates_t *certificates, CURL *easy)
{
    if (!certificates->shares) {
        return certificates->all.len > 0
                   ? curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &certificates->all)
                   : CURLE_OK;
    }
    /* Without these two NULLs libcurl would read the system's certificates for each connection. */
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, certificates);
    }
    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give);
    }
    return rc;
}
