/* SPDX-License-Identifier: Apache-2.0 */
/* Loading, unloading, ending.
 *
 * httpd's parent unloads the module at each reload, and libcurl with it if nothing else in the
 * process uses libcurl. The parent makes no request: authp_curl_make() is called in children and in
 * the tool. It calls curl_global_init(), and its pool's cleanup calls curl_global_cleanup();
 * authp_smtp_make() does the same. libcurl counts these calls, so other modules that use libcurl
 * are not affected.
 *
 * A name lookup may take longer than the time-out of its request. libcurl then detaches the thread
 * of the lookup (CURLOPT_QUICK_EXIT). That thread uses code of libcurl and memory that nobody else
 * frees. It may still run when the child ends. The child destroys its pools, which does not unmap a
 * library, and calls exit() or _exit(), which ends the thread wherever it is. */
#include "net/curl.h"
#include "base/log.h"
#include "net/certificates.h"
#include "net/curl_run.h"

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include <openssl/err.h>

typedef struct client_t {
    pthread_mutex_t mutex; /* held for a few instructions */
    int most;
    int busy;
    int nidle;
    CURL **idle; /* handles that nobody uses, with their connections; room for `most` */
    authp_certificates_t *certificates;
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
        err = authp_curl_run(easy, client->certificates, request, out, pool);
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
    authp_err_t err = authp_certificates_get(ca_file, &client->certificates, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_fetcher_t *fetcher = apr_palloc(pool, sizeof(*fetcher));
    *fetcher = (authp_fetcher_t){fetch, client};
    *out = fetcher;
    return AUTHP_OK;
}
