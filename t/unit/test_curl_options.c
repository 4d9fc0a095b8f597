/* SPDX-License-Identifier: Apache-2.0 */
/* Every option that libcurl gets for a request, with its value. If libcurl refuses one of them,
 * nothing is sent. */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "net/curl.h"
#include "suite.h"

#undef curl_easy_setopt

#define URL "http://127.0.0.1:1/x"
#define NUMBER_FIRST 30000 /* ... and of those that are off_t */
#define BLOB_FIRST 40000

static apr_pool_t *pool;
static authp_fetcher_t *fetcher;
static char given[2000]; /* "NAME=value\n"... */
static int ngiven;
static int refused = -1; /* the option at this place is refused */
static int performed;
static struct curl_blob blob; /* the certificates */

typedef CURLcode long_fn(CURL *easy, CURLoption option, ...);
typedef CURLcode perform_fn(CURL *easy);

static void *real_function(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    ck_assert_ptr_nonnull(found);
    return found;
}

static bool is_text(CURLoption option)
{
    return option == CURLOPT_URL || option == CURLOPT_PROXY || option == CURLOPT_PROTOCOLS_STR ||
           option == CURLOPT_USERAGENT || option == CURLOPT_POSTFIELDS ||
           option == CURLOPT_USERNAME || option == CURLOPT_PASSWORD;
}

static void note(CURLoption option, const char *value)
{
    const struct curl_easyoption *known = curl_easy_option_by_id(option);
    ck_assert_ptr_nonnull(known);
    size_t used = strlen(given);
    (void)apr_snprintf(given + used, sizeof(given) - used, "%s=%s\n", known->name, value);
}

/* Replaces libcurl's function in the test program. */
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    union {
        void *object;
        long_fn *function;
    } real = {.object = real_function("curl_easy_setopt")};
    CURLcode rc = CURLE_OK;
    va_list rest;
    va_start(rest, option);
    if (ngiven++ == refused) {
        va_end(rest);
        return CURLE_UNKNOWN_OPTION;
    }
    if ((int)option < CURLOPTTYPE_OBJECTPOINT) {
        long value = va_arg(rest, long);
        note(option, apr_ltoa(pool, value));
        rc = real.function(easy, option, value);
    } else if ((int)option >= NUMBER_FIRST && (int)option < BLOB_FIRST) {
        curl_off_t value = va_arg(rest, curl_off_t);
        note(option, apr_off_t_toa(pool, value));
        rc = real.function(easy, option, value);
    } else {
        void *value = va_arg(rest, void *);
        blob = option == CURLOPT_CAINFO_BLOB ? *(const struct curl_blob *)value : blob;
        note(option, is_text(option) ? (const char *)value : value != NULL ? "set" : "NULL");
        rc = real.function(easy, option, value);
    }
    va_end(rest);
    return rc;
}

static const char *tls_library; /* what libcurl says that it uses; NULL: the truth */

curl_version_info_data *curl_version_info(CURLversion now)
{
    typedef curl_version_info_data *info_fn(CURLversion now);
    static curl_version_info_data told;
    union {
        void *object;
        info_fn *function;
    } real = {.object = real_function("curl_version_info")};
    told = *real.function(now);
    told.ssl_version = tls_library != NULL ? tls_library : told.ssl_version;
    return &told;
}

CURLcode curl_easy_perform(CURL *easy)
{
    union {
        void *object;
        perform_fn *function;
    } real = {.object = real_function("curl_easy_perform")};
    performed++;
    return real.function(easy);
}

/* What is made and released: calls of the functions of that name. */
static struct {
    int global_init;
    int global_cleanup;
    int easy_init;
    int easy_cleanup;
} calls;

CURLcode curl_global_init(long flags)
{
    typedef CURLcode init_fn(long flags);
    union {
        void *object;
        init_fn *function;
    } real = {.object = real_function("curl_global_init")};
    calls.global_init++;
    return real.function(flags);
}

void curl_global_cleanup(void)
{
    typedef void cleanup_fn(void);
    union {
        void *object;
        cleanup_fn *function;
    } real = {.object = real_function("curl_global_cleanup")};
    calls.global_cleanup++;
    real.function();
}

CURL *curl_easy_init(void)
{
    typedef CURL *init_fn(void);
    union {
        void *object;
        init_fn *function;
    } real = {.object = real_function("curl_easy_init")};
    calls.easy_init++;
    return real.function();
}

void curl_easy_cleanup(CURL *easy)
{
    typedef void cleanup_fn(CURL *);
    union {
        void *object;
        cleanup_fn *function;
    } real = {.object = real_function("curl_easy_cleanup")};
    calls.easy_cleanup++;
    real.function(easy);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    given[0] = '\0';
    tls_library = NULL;
    ck_assert_int_eq(authp_curl_make(NULL, 1, &fetcher, pool), AUTHP_OK);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

#define RULES                                                                                      \
    "NOSIGNAL=1\nFOLLOWLOCATION=0\nSSL_VERIFYPEER=1\nSSL_VERIFYHOST=2\nSSLVERSION=6\n"             \
    "HTTP_VERSION=2\nHTTPAUTH=1\nNETRC=0\nDISALLOW_USERNAME_IN_URL=1\nQUICK_EXIT=1\n"              \
    "PROTOCOLS_STR=http,https\nPROXY=\nUSERAGENT=mod_auth_platform\nURL=" URL "\n"
#define SINK                                                                                       \
    "MAXFILESIZE_LARGE=65536\nWRITEFUNCTION=set\nHEADERFUNCTION=set\nWRITEDATA=set\n"              \
    "HEADERDATA=set\nCAINFO=NULL\nCAPATH=NULL\nSSL_CTX_DATA=set\nSSL_CTX_FUNCTION=set\n"           \
    "HTTPHEADER=set\n"

static const atomic_bool never = false;

static const struct {
    authp_fetch_t request;
    bool secret;
    const char *options;
} rows[] = {
    {{.url = URL, .timeout_ms = 5000, .limit = 65536},
     false,
     RULES "TIMEOUT_MS=5000\nCONNECTTIMEOUT_MS=5000\n" SINK},
    {{.url = URL, .timeout_ms = 1, .limit = 65536, .form = "a=b"},
     false,
     RULES "TIMEOUT_MS=1\nCONNECTTIMEOUT_MS=1\nPOSTFIELDS=a=b\nFRESH_CONNECT=1\n" SINK},
    /* 0 would mean "for ever" */
    {{.url = URL, .timeout_ms = 0, .limit = 65536, .user = "me"},
     true,
     RULES "TIMEOUT_MS=1\nCONNECTTIMEOUT_MS=1\nUSERNAME=me\nPASSWORD=s3\n" SINK},
    {{.url = URL, .timeout_ms = -5, .limit = 65536, .user = "me"},
     false,
     RULES "TIMEOUT_MS=1\nCONNECTTIMEOUT_MS=1\nUSERNAME=me\nPASSWORD=\n" SINK},
    {{.url = URL, .timeout_ms = 1, .limit = 65536, .json = "{}"},
     false,
     RULES "TIMEOUT_MS=1\nCONNECTTIMEOUT_MS=1\nPOSTFIELDS={}\nFRESH_CONNECT=1\n" SINK},
    {{.url = URL, .timeout_ms = 1, .limit = 65536, .once = true, .cancel = &never},
     false,
     RULES "TIMEOUT_MS=1\nCONNECTTIMEOUT_MS=1\nFRESH_CONNECT=1\nNOPROGRESS=0\n"
           "XFERINFODATA=set\nXFERINFOFUNCTION=set\n" SINK},
};

static authp_err_t fetch(int row)
{
    authp_fetched_t out = {0};
    authp_fetch_t request = rows[row].request;
    ngiven = performed = 0;
    given[0] = '\0';
    request.password = rows[row].secret ? authp_secret_make("s3", 2, pool) : NULL;
    authp_err_t err = authp_fetch(fetcher, &request, &out, pool);
    ck_assert_int_eq(out.status, 0);
    return err;
}

START_TEST(all_options)
{
    ck_assert_int_eq(fetch(_i), AUTHP_E_UNAVAILABLE); /* nobody listens there */
    ck_assert_str_eq(given, rows[_i].options);
    ck_assert_int_eq(performed, 1);
}
END_TEST

START_TEST(an_option_is_refused)
{
    int all = 0;
    (void)fetch(_i);
    all = ngiven;
    ck_assert_int_gt(all, 15);
    for (refused = 0; refused < all; refused++) {
        ck_assert_int_eq(fetch(_i), AUTHP_E_UNAVAILABLE);
        ck_assert_msg(performed == 0, "option %d was refused, and the request was sent", refused);
    }
    refused = -1;
    (void)fetch(_i);
    ck_assert_int_eq(performed, 1);
}
END_TEST

/* All that was made is released with the pool, also after a failure. One handle serves one request
 * after the other. */
START_TEST(made_and_released)
{
    (void)fetch(0);
    const int made = calls.easy_init; /* libcurl may make some of its own */
    (void)fetch(0);
    (void)fetch(0);
    ck_assert_int_eq(calls.easy_init, made);
    ck_assert_int_eq(calls.global_init, 1);
    apr_pool_clear(pool);
    ck_assert_int_eq(calls.easy_cleanup, 1);
    ck_assert_int_eq(calls.global_cleanup, 1);
    ck_assert_int_eq(authp_curl_make("/nowhere.pem", 1, &fetcher, pool), AUTHP_E_MALFORMED);
    apr_pool_clear(pool);
    ck_assert_int_eq(calls.global_cleanup, calls.global_init);
}
END_TEST

static char *contents(const char *path, size_t *len)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    ck_assert_int_eq(apr_file_open(&file, path, APR_FOPEN_READ, 0, pool), APR_SUCCESS);
    ck_assert_int_eq(apr_file_info_get(&info, APR_FINFO_SIZE, file), APR_SUCCESS);
    char *text = apr_pcalloc(pool, (apr_size_t)info.size + 1);
    ck_assert_int_eq(apr_file_read_full(file, text, (apr_size_t)info.size, len), APR_SUCCESS);
    apr_file_close(file);
    return text;
}

/* The first certificate of the system's file serves as that of the site. */
#define END_LINE "-----END CERTIFICATE-----\n"

/* libcurl with another TLS library reads the certificates itself. With OIDC_CA_FILE the system's
 * certificates count too. t/unit/test_curl_tls.c has OpenSSL. */
START_TEST(another_tls_library)
{
    static const char *const libraries[] = {"GnuTLS/3.7.9", "OpenSSL/1.1.1w", "LibreSSL/3.8.2",
                                            "wolfSSL/5.5.4", "(OpenSSL/3.0.1) GnuTLS/3.7.9"};
    tls_library = libraries[_i];
    apr_pool_clear(pool);
    ck_assert_int_eq(authp_curl_make(NULL, 1, &fetcher, pool), AUTHP_OK);
    (void)fetch(0);
    ck_assert_msg(strstr(given, "CAINFO") == NULL && strstr(given, "SSL_CTX") == NULL, "%s", given);
    ck_assert_int_eq(performed, 1);
    const char *system_file = curl_version_info(CURLVERSION_NOW)->cainfo;
    char own_file[] = "/tmp/authp-ca-XXXXXX";
    size_t len = 0;
    apr_file_t *file = NULL;
    ck_assert_ptr_nonnull(system_file);
    const char *all = contents(system_file, &len);
    const char *end = strstr(all, END_LINE);
    ck_assert_ptr_nonnull(end);
    const size_t own = (size_t)(end - all) + strlen(END_LINE);
    ck_assert_int_eq(apr_file_mktemp(&file, own_file, 0, pool), APR_SUCCESS);
    ck_assert_int_eq(apr_file_write_full(file, all, own, NULL), APR_SUCCESS);
    ck_assert_int_eq(apr_file_flush(file), APR_SUCCESS);
    ck_assert_int_eq(authp_curl_make(own_file, 1, &fetcher, pool), AUTHP_OK);
    ck_assert_int_eq(unlink(own_file), 0);
    (void)fetch(0);
    ck_assert_ptr_nonnull(strstr(given, "CAINFO_BLOB=set"));
    ck_assert_ptr_null(strstr(given, "SSL_CTX"));
    ck_assert_uint_eq(blob.len, len + 1 + own);
    ck_assert_mem_eq(blob.data, all, len);
    ck_assert_mem_eq((const char *)blob.data + len, "\n", 1);
    ck_assert_mem_eq((const char *)blob.data + len + 1, all, own);
    /* A file may have 4 MB, and not a byte more. */
    for (int more = 0; more < 2; more++) {
        char large_file[] = "/tmp/authp-ca-XXXXXX";
        ck_assert_int_eq(apr_file_mktemp(&file, large_file, 0, pool), APR_SUCCESS);
        ck_assert_int_eq(apr_file_write_full(file, all, own, NULL), APR_SUCCESS);
        ck_assert_int_eq(apr_file_trunc(file, 4194304 + more), APR_SUCCESS);
        ck_assert_int_eq(authp_curl_make(large_file, 1, &fetcher, pool),
                         more == 0 ? AUTHP_OK : AUTHP_E_MALFORMED);
        ck_assert_int_eq(unlink(large_file), 0);
    }
}
END_TEST

Suite *suite_curl_options(void)
{
    Suite *suite = suite_create("curl_options");
    TCase *tests = tcase_create("curl_options");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, all_options, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_loop_test(tests, an_option_is_refused, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tests, made_and_released);
    tcase_add_loop_test(tests, another_tls_library, 0, 5);
    suite_add_tcase(suite, tests);
    return suite;
}
