/* SPDX-License-Identifier: Apache-2.0 */
/* Loading, unloading, ending.
 *
 * httpd's parent unloads the module at each reload, and libcurl with it if nothing else in the
 * process uses libcurl. The parent makes no request: authp_curl_make() is called in children and in
 * the tool. It is the one place that calls curl_global_init(), and its pool's cleanup calls
 * curl_global_cleanup(). libcurl counts these calls, so other modules that use libcurl are not
 * affected.
 *
 * A name lookup may take longer than the time-out of its request. libcurl then detaches the thread
 * of the lookup (CURLOPT_QUICK_EXIT). That thread uses code of libcurl and memory that nobody else
 * frees. It may still run when the child ends. The child destroys its pools, which does not unmap a
 * library, and calls exit() or _exit(), which ends the thread wherever it is. */
#include "net/curl.h"
#include "base/log.h"
#include "net/curl_run.h"

#include <pthread.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <curl/curl.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#define FILE_MOST 4194304 /* bytes of a file of certificates */

typedef struct client_t {
    pthread_mutex_t mutex; /* held for a few instructions */
    int most;
    int busy;
    int nidle;
    CURL **idle; /* handles that nobody uses, with their connections; room for `most` */
    struct curl_blob ca;
} client_t;

static apr_status_t release(void *data)
{
    client_t *client = data;
    while (client->nidle > 0) {
        curl_easy_cleanup(client->idle[--client->nidle]);
    }
    pthread_mutex_destroy(&client->mutex);
    curl_global_cleanup();
    return APR_SUCCESS;
}

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

/* Joins the system's certificates with those of `path`: libcurl has no option that adds some. */
static authp_err_t read_certificates(client_t *client, const char *path, apr_pool_t *pool)
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
    client->ca =
        (struct curl_blob){.data = all, .len = system_len + 1 + own_len, .flags = CURL_BLOB_NOCOPY};
    return AUTHP_OK;
}

/* True if one more request may run. *easy gets a handle with connections, or NULL. */
static bool enter(client_t *client, CURL **easy)
{
    pthread_mutex_lock(&client->mutex);
    const bool free_place = client->busy < client->most;
    if (free_place) {
        client->busy++;
        *easy = client->nidle > 0 ? client->idle[--client->nidle] : NULL;
    }
    pthread_mutex_unlock(&client->mutex);
    return free_place;
}

static void leave(client_t *client, CURL *easy)
{
    pthread_mutex_lock(&client->mutex);
    client->busy--;
    if (easy != NULL) {
        client->idle[client->nidle++] = easy;
    }
    pthread_mutex_unlock(&client->mutex);
}

static bool is_line(const char *text)
{
    return text == NULL || strpbrk(text, "\r\n") == NULL;
}

static bool is_secret_line(const char *name, const authp_secret_t *secret)
{
    if (name == NULL || secret == NULL) {
        return name == NULL && secret == NULL;
    }
    const char *value = (const char *)authp_secret_bytes(secret);
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] == '\0' && is_line(value) &&
           strlen(value) == authp_secret_len(secret);
}

static bool fits(const authp_fetch_t *request)
{
    return authp_fetch_url_fits(request->url) && is_line(request->accept) &&
           is_line(request->bearer) && is_secret_line(request->secret_name, request->secret) &&
           (request->form == NULL || request->json == NULL);
}

static authp_err_t fetch(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                         apr_pool_t *pool)
{
    client_t *client = ctx;
    CURL *easy = NULL;
    if (!fits(request)) {
        return AUTHP_E_MALFORMED;
    }
    if (!enter(client, &easy)) {
        return AUTHP_E_BUSY;
    }
    if (easy == NULL) {
        easy = curl_easy_init();
    }
    authp_err_t err = AUTHP_E_UNAVAILABLE;
    if (easy != NULL) {
        err = authp_curl_run(easy, &client->ca, request, out, pool);
        curl_easy_reset(easy); /* forgets credentials and bodies, keeps connections */
    }
    ERR_clear_error(); /* mod_ssl would find OpenSSL's errors in the thread's queue */
    leave(client, easy);
    return err;
}

authp_err_t authp_curl_make(const char *ca_file, int most, authp_fetcher_t **out, apr_pool_t *pool)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0013", "libcurl does not work");
        return AUTHP_E_INTERNAL;
    }
    client_t *client = apr_pcalloc(pool, sizeof(*client));
    pthread_mutex_init(&client->mutex, NULL);
    apr_pool_cleanup_register(pool, client, release, apr_pool_cleanup_null);
    client->most = most;
    client->idle = apr_pcalloc(pool, (apr_size_t)most * sizeof(*client->idle));
    if (ca_file != NULL) {
        authp_err_t err = read_certificates(client, ca_file, pool);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    authp_fetcher_t *fetcher = apr_palloc(pool, sizeof(*fetcher));
    *fetcher = (authp_fetcher_t){fetch, client};
    *out = fetcher;
    return AUTHP_OK;
}
