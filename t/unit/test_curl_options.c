/* SPDX-License-Identifier: Apache-2.0 */
/* Every option that libcurl gets for a request, with its value. If libcurl refuses one of them,
 * nothing is sent. */
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/log.h"
#include "curl_calls.h"
#include "net/curl.h"
#include "suite.h"

#define URL "http://127.0.0.1:1/x"

static apr_pool_t *pool;
static authp_fetcher_t *fetcher;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    curl_calls_forget();
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
    const int refused = curl_calls.refused;
    const char *library = curl_calls.tls_library;
    curl_calls_forget();
    curl_calls.refused = refused;
    curl_calls.tls_library = library;
    request.password = rows[row].secret ? authp_secret_make("s3", 2, pool) : NULL;
    authp_err_t err = authp_fetch(fetcher, &request, &out, pool);
    ck_assert_int_eq(out.status, 0);
    return err;
}

START_TEST(all_options)
{
    ck_assert_int_eq(fetch(_i), AUTHP_E_UNAVAILABLE); /* nobody listens there */
    ck_assert_str_eq(curl_calls.given, rows[_i].options);
    ck_assert_int_eq(curl_calls.performed, 1);
}
END_TEST

START_TEST(an_option_is_refused)
{
    int all = 0;
    (void)fetch(_i);
    all = curl_calls.ngiven;
    ck_assert_int_gt(all, 15);
    for (int i = 0; i < all; i++) {
        curl_calls.refused = i;
        ck_assert_int_eq(fetch(_i), AUTHP_E_UNAVAILABLE);
        ck_assert_msg(curl_calls.performed == 0, "option %d was refused, and the request was sent",
                      i);
    }
    curl_calls.refused = CURL_CALLS_NONE;
    (void)fetch(_i);
    ck_assert_int_eq(curl_calls.performed, 1);
}
END_TEST

/* All that was made is released with the pool, also after a failure. One handle serves one request
 * after the other. */
START_TEST(made_and_released)
{
    (void)fetch(0);
    const int made = curl_calls.easy_made;
    ck_assert_int_eq(curl_calls.easy_open, 1);
    (void)fetch(0);
    (void)fetch(0);
    ck_assert_int_eq(curl_calls.easy_made, made);
    ck_assert_int_eq(curl_calls.global_open, 1);
    apr_pool_clear(pool);
    ck_assert_int_eq(curl_calls.easy_open, 0);
    ck_assert_int_eq(curl_calls.global_open, 0);
    ck_assert_int_eq(authp_curl_make("/nowhere.pem", 1, &fetcher, pool), AUTHP_E_MALFORMED);
    ck_assert_int_eq(curl_calls.global_open, 1);
    apr_pool_clear(pool);
    ck_assert_int_eq(curl_calls.global_open, 0);
}
END_TEST

static char line[500];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(line, message, sizeof(line));
}

START_TEST(libcurl_does_not_work)
{
    authp_fetcher_t *other = NULL;
    authp_log_set_sink(keep, NULL);
    curl_calls.global_inits = 0;
    ck_assert_int_eq(authp_curl_make(NULL, 1, &other, pool), AUTHP_E_INTERNAL);
    ck_assert_str_eq(line, "AUTHP0013: libcurl does not work");
    ck_assert_ptr_null(other);
    authp_log_set_sink(NULL, NULL);
    apr_pool_clear(pool);
    ck_assert_int_eq(curl_calls.global_open, 0);
}
END_TEST

/* Without a handle there is no request, and its place is free again. */
START_TEST(no_handle)
{
    authp_fetched_t out = {0};
    curl_calls.easy_inits = 0;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_fetch(fetcher, &rows[0].request, &out, pool), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(curl_calls.performed, 0);
    (void)fetch(0);
    ck_assert_int_eq(curl_calls.performed, 1);
    ck_assert(!curl_calls.disturbed);
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
    curl_calls.tls_library = libraries[_i];
    apr_pool_clear(pool);
    ck_assert_int_eq(authp_curl_make(NULL, 1, &fetcher, pool), AUTHP_OK);
    (void)fetch(0);
    ck_assert_msg(strstr(curl_calls.given, "CAINFO") == NULL &&
                      strstr(curl_calls.given, "SSL_CTX") == NULL,
                  "%s", curl_calls.given);
    ck_assert_int_eq(curl_calls.performed, 1);
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
    ck_assert_ptr_nonnull(strstr(curl_calls.given, "CAINFO_BLOB=set"));
    ck_assert_ptr_null(strstr(curl_calls.given, "SSL_CTX"));
    ck_assert_uint_eq(curl_calls.blob.len, len + 1 + own);
    ck_assert_mem_eq(curl_calls.blob.data, all, len);
    ck_assert_mem_eq((const char *)curl_calls.blob.data + len, "\n", 1);
    ck_assert_mem_eq((const char *)curl_calls.blob.data + len + 1, all, own);
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
    tcase_add_test(tests, libcurl_does_not_work);
    tcase_add_test(tests, no_handle);
    tcase_add_loop_test(tests, another_tls_library, 0, 5);
    suite_add_tcase(suite, tests);
    return suite;
}
