/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl_run.h"
#include "base/log.h"
#include "net/curl_why.h"
#include "net/no_signals.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#define HEADER_MOST 65536 /* bytes of all header lines of an answer */
#define FIRST_ROOM 8192

/* Where an answer goes. */
typedef struct sink_t {
    apr_pool_t *pool;
    size_t limit;
    size_t header_len;
    bool too_large;
    int64_t max_age;
    const char *location;
    char *body; /* has room for `room` bytes and a NUL */
    size_t len;
    size_t room;
} sink_t;

typedef struct setup_t {
    CURL *easy;
    CURLcode rc; /* of the first option that failed */
} setup_t;

static void set_long(setup_t *setup, CURLoption option, long value)
{
    if (setup->rc == CURLE_OK) {
        setup->rc = curl_easy_setopt(setup->easy, option, value);
    }
}

static void set_pointer(setup_t *setup, CURLoption option, const void *value)
{
    if (setup->rc == CURLE_OK) {
        setup->rc = curl_easy_setopt(setup->easy, option, value);
    }
}

static apr_status_t wipe_body(void *data)
{
    sink_t *sink = data;
    if (sink->body != NULL) {
        authp_secret_wipe(sink->body, sink->len);
    }
    return APR_SUCCESS;
}

/* Makes room for `len` bytes. */
static void grow(sink_t *sink, size_t len)
{
    size_t room = sink->room > 0 ? sink->room : FIRST_ROOM;
    while (room < len) {
        room *= 2;
    }
    char *body = apr_palloc(sink->pool, room + 1);
    if (sink->len > 0) {
        memcpy(body, sink->body, sink->len);
        authp_secret_wipe(sink->body, sink->len);
    }
    sink->body = body;
    sink->room = room;
}

/* libcurl calls this with each piece of the body. A result other than the length ends the request.
 */
static size_t take_body(char *data, size_t one, size_t len, void *ctx)
{
    sink_t *sink = ctx;
    (void)one; /* always 1 */
    if (len > sink->limit - sink->len) {
        sink->too_large = true;
        return 0;
    }
    if (sink->len + len > sink->room) {
        grow(sink, sink->len + len);
    }
    memcpy(sink->body + sink->len, data, len);
    sink->len += len;
    return len;
}

/* The value in a line of the header, without the spaces around it. NULL: a line of another name. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *value_len)
{
    const size_t skip = strlen(name);
    if (len <= skip || line[skip] != ':' || strncasecmp(line, name, skip) != 0) {
        return NULL;
    }
    const char *from = line + skip + 1;
    const char *to = line + len;
    while (from < to && strchr(" \t", *from) != NULL) {
        from++;
    }
    while (from < to && strchr(" \t\r\n", to[-1]) != NULL) {
        to--;
    }
    *value_len = (size_t)(to - from);
    return from;
}

/* libcurl calls this with each line of the header. */
static size_t take_header(char *line, size_t one, size_t len, void *ctx)
{
    size_t value_len = 0;
    sink_t *sink = ctx;
    (void)one; /* always 1 */
    sink->header_len += len;
    if (sink->header_len > HEADER_MOST) {
        sink->too_large = true;
        return 0;
    }
    if (len > 5 && strncmp(line, "HTTP/", 5) == 0) {
        sink->max_age = -1; /* an interim answer (1xx) came before */
        sink->location = NULL;
    }
    const char *value = value_of(line, len, "location", &value_len);
    if (value != NULL) {
        sink->location = apr_pstrmemdup(sink->pool, value, value_len);
    }
    value = value_of(line, len, "cache-control", &value_len);
    if (value != NULL) {
        int64_t seconds = authp_fetch_max_age(value, value_len);
        if (seconds >= 0 && (sink->max_age < 0 || seconds < sink->max_age)) {
            sink->max_age = seconds;
        }
    }
    return len;
}

/* Sets the options that are the same for each request. */
static void set_rules(setup_t *setup)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        /* Time-outs without SIGALRM, which would be a signal for all of httpd. */
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
        /* At the time-out libcurl does not wait for a name lookup that is under way. */
        {CURLOPT_QUICK_EXIT, 1},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        set_long(setup, numbers[i].option, numbers[i].value);
    }
    set_pointer(setup, CURLOPT_PROTOCOLS_STR, "http,https");
    set_pointer(setup, CURLOPT_PROXY, ""); /* no proxy, not even one from the environment */
    set_pointer(setup, CURLOPT_USERAGENT, "mod_auth_platform");
}

/* libcurl calls this about once a second, and whenever bytes arrive. A result other than 0 ends the
 * request. */
static int look_at_cancel(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                          curl_off_t up)
{
    const atomic_bool *cancel = ctx;
    (void)down_all, (void)down, (void)up_all, (void)up;
    return atomic_load(cancel) ? 1 : 0;
}

static void set_cancel(setup_t *setup, const atomic_bool *cancel)
{
    set_long(setup, CURLOPT_NOPROGRESS, 0);
    set_pointer(setup, CURLOPT_XFERINFODATA, (const void *)(uintptr_t)cancel);
    if (setup->rc == CURLE_OK) {
        setup->rc = curl_easy_setopt(setup->easy, CURLOPT_XFERINFOFUNCTION, look_at_cancel);
    }
}

static void set_request(setup_t *setup, const authp_fetch_t *request, sink_t *sink)
{
    const long timeout = request->timeout_ms > 0 ? request->timeout_ms : 1; /* 0 means for ever */
    const char *body = request->form != NULL ? request->form : request->json;
    set_pointer(setup, CURLOPT_URL, request->url);
    set_long(setup, CURLOPT_TIMEOUT_MS, timeout);
    set_long(setup, CURLOPT_CONNECTTIMEOUT_MS, timeout);
    if (body != NULL) {
        set_pointer(setup, CURLOPT_POSTFIELDS, body);
    }
    if (body != NULL || request->once) {
        /* On a kept connection that the server closes libcurl would send the request again. A code
         * of an authorization server that is sent twice counts as stolen. */
        set_long(setup, CURLOPT_FRESH_CONNECT, 1);
    }
    if (request->cancel != NULL) {
        set_cancel(setup, request->cancel);
    }
    if (request->user != NULL) {
        set_pointer(setup, CURLOPT_USERNAME, request->user);
        set_pointer(setup, CURLOPT_PASSWORD,
                    request->password != NULL ? authp_secret_bytes(request->password)
                                              : (const unsigned char *)"");
    }
    if (setup->rc == CURLE_OK) {
        setup->rc =
            curl_easy_setopt(setup->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->limit);
    }
    if (setup->rc == CURLE_OK) {
        setup->rc = curl_easy_setopt(setup->easy, CURLOPT_WRITEFUNCTION, take_body);
    }
    if (setup->rc == CURLE_OK) {
        setup->rc = curl_easy_setopt(setup->easy, CURLOPT_HEADERFUNCTION, take_header);
    }
    set_pointer(setup, CURLOPT_WRITEDATA, sink);
    set_pointer(setup, CURLOPT_HEADERDATA, sink);
}

/* Adds a line to *list: a name with ": ", and a value. Returns false if there is no memory; *list
 * then stays. The text in `pool` is wiped, because the value may be a secret. libcurl has a copy of
 * its own. */
static bool add_line(struct curl_slist **list, const char *name, const char *value,
                     apr_pool_t *pool)
{
    char *line = apr_pstrcat(pool, name, value, NULL);
    struct curl_slist *longer = curl_slist_append(*list, line);
    authp_secret_wipe(line, strlen(line));
    if (longer != NULL) {
        *list = longer;
    }
    return longer != NULL;
}

static void free_lines(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at != NULL; at = at->next) {
        authp_secret_wipe(at->data, strlen(at->data));
    }
    curl_slist_free_all(list);
}

/* The header lines of a request. The caller frees the list with free_lines(). NULL: no memory. */
static struct curl_slist *lines_of(const authp_fetch_t *request, apr_pool_t *pool)
{
    struct curl_slist *list = NULL;
    const char *accept = request->accept != NULL ? request->accept : "application/json";
    bool whole = add_line(&list, "Accept: ", accept, pool);
    if (request->json != NULL) {
        whole = whole && add_line(&list, "Content-Type: ", "application/json", pool);
    }
    if (request->bearer != NULL) {
        whole = whole && add_line(&list, "Authorization: Bearer ", request->bearer, pool);
    }
    if (request->secret != NULL) {
        const char *value = (const char *)authp_secret_bytes(request->secret);
        const char *name = apr_pstrcat(pool, request->secret_name, ": ", NULL);
        whole = whole && add_line(&list, name, value, pool);
    }
    if (!whole) {
        free_lines(list);
        return NULL;
    }
    return list;
}

/* In a child of prefork the signal that ends it waits for the end of the request, at most
 * timeout_ms. */
static CURLcode perform(CURL *easy)
{
    authp_no_signals_t held;
    authp_no_signals_begin(&held);
    CURLcode rc = curl_easy_perform(easy);
    authp_no_signals_end(&held);
    return rc;
}

static authp_err_t failed(CURL *easy, CURLcode rc, bool too_large, const char *origin,
                          const char **why)
{
    if (too_large || rc == CURLE_FILESIZE_EXCEEDED) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0010", "%s: the answer is too large", origin);
        return AUTHP_E_TOO_LARGE;
    }
    *why = authp_curl_why(easy, rc);
    authp_log(AUTHP_LOG_WARNING, "AUTHP0011", "%s: no answer: %s", origin, *why);
    return AUTHP_E_UNAVAILABLE;
}

authp_err_t authp_curl_run(CURL *easy, authp_certificates_t *certificates,
                           const authp_fetch_t *request, authp_fetched_t *out, apr_pool_t *pool)
{
    long status = 0;
    setup_t setup = {easy, CURLE_OK};
    sink_t *sink = apr_pcalloc(pool, sizeof(*sink));
    sink->pool = pool;
    sink->limit = request->limit;
    sink->max_age = -1;
    apr_pool_cleanup_register(pool, sink, wipe_body, apr_pool_cleanup_null);
    grow(sink, 1);
    set_rules(&setup);
    set_request(&setup, request, sink);
    if (setup.rc == CURLE_OK) {
        setup.rc = authp_certificates_use(certificates, easy);
    }
    struct curl_slist *lines = lines_of(request, pool);
    set_pointer(&setup, CURLOPT_HTTPHEADER, lines);
    CURLcode rc = lines == NULL ? CURLE_OUT_OF_MEMORY : setup.rc;
    if (rc == CURLE_OK) {
        rc = perform(easy);
    }
    if (rc == CURLE_OK) {
        rc = curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    }
    free_lines(lines);
    if (rc != CURLE_OK) {
        return failed(easy, rc, sink->too_large, authp_fetch_origin(request->url, pool), &out->why);
    }
    sink->body[sink->len] = '\0';
    *out = (authp_fetched_t){.status = (int)status,
                             .body = sink->body,
                             .len = sink->len,
                             .max_age = sink->max_age,
                             .location = sink->location};
    return AUTHP_OK;
}
