/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates the HTTP client trusts. A server of the command openssl(1), with a CA of its
 * own. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/log.h"
#include "net/curl.h"
#include "suite.h"

#define PATIENCE_MS 20000

static apr_pool_t *pool;
static char folder[] = "/tmp/authp-tls-XXXXXX";
static pid_t server;
static int port;
static char lines[2000];
static _Atomic int reads;         /* of files of certificates, by anybody in this process */
static _Atomic int refused_reads; /* so many of the next ones fail */

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(lines, message, sizeof(lines));
}

/* Replaces OpenSSL's function in the test program, for libcurl too. */
int X509_STORE_load_file(X509_STORE *store, const char *file)
{
    typedef int load_fn(X509_STORE * store, const char *file);
    union {
        void *object;
        load_fn *function;
    } real = {.object = dlsym(RTLD_NEXT, "X509_STORE_load_file")};
    ck_assert_ptr_nonnull(real.object);
    reads++;
    if (refused_reads > 0) {
        refused_reads--;
        return 0;
    }
    return real.function(store, file);
}

static const char *in_folder(const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static void run(const char *command)
{
    const char *line = apr_pstrcat(pool, "cd ", folder, " && ", command, " 2>/dev/null", NULL);
    ck_assert_msg(system(line) == 0, "%s", line);
}

/* Starts it on a free port, which its first line names: "ACCEPT 127.0.0.1:PORT". */
static void start_server(void)
{
    int ends[2];
    char text[256] = "";
    ck_assert_int_eq(pipe(ends), 0);
    server = fork();
    if (server == 0) {
        const int nothing = open("/dev/null", O_RDWR);
        if (chdir(folder) == 0 && dup2(ends[1], 1) >= 0 && dup2(nothing, 0) >= 0 &&
            dup2(nothing, 2) >= 0) {
            execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "leaf.pem",
                   "-key", "leaf.key", "-www", (char *)NULL);
        }
        _exit(1);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    while (port == 0 && fgets(text, sizeof(text), output) != NULL) {
        const char *colon = strrchr(text, ':');
        if (strncmp(text, "ACCEPT ", 7) == 0 && colon != NULL) {
            port = atoi(colon + 1);
        }
    }
    ck_assert_int_gt(port, 0);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    authp_log_set_sink(keep, NULL);
    lines[0] = '\0';
    reads = refused_reads = 0;
    port = 0;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca "
        "-keyout ca.key -out ca.pem");
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
        "/CN=leaf -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE "
        "-CA ca.pem -CAkey ca.key -keyout leaf.key -out leaf.pem");
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca "
        "-keyout other.key -out other.pem");
    run("echo nothing > empty.pem");
    run("(cat ca.pem; sed 's/^M/!/' ca.pem) > half.pem");
    start_server();
}

static void tear_down(void)
{
    int status = 0;
    kill(server, SIGKILL);
    waitpid(server, &status, 0);
    run("rm -f *.pem *.key");
    ck_assert_int_eq(rmdir(folder), 0);
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

static authp_fetcher_t *fetcher_for(const char *ca_file, int most)
{
    authp_fetcher_t *fetcher = NULL;
    ck_assert_int_eq(authp_curl_make(ca_file, most, &fetcher, pool), AUTHP_OK);
    return fetcher;
}

static authp_err_t fetch_by(const authp_fetcher_t *fetcher, const char *host, int *status)
{
    authp_fetched_t out = {0};
    const authp_fetch_t request = {.url = apr_psprintf(pool, "https://%s:%d/", host, port),
                                   .timeout_ms = PATIENCE_MS,
                                   .limit = 1000000};
    ERR_raise(ERR_LIB_USER, 1);
    authp_err_t err = authp_fetch(fetcher, &request, &out, pool);
    /* mod_ssl would take an error that is left for one of its own connection. */
    ck_assert_uint_eq(ERR_peek_error(), 0);
    *status = out.status;
    return err;
}

static authp_err_t fetch_with(const char *ca_file, const char *host, int *status)
{
    return fetch_by(fetcher_for(ca_file, 1), host, status);
}

START_TEST(own_ca)
{
    int status = 0;
    ck_assert_int_eq(fetch_with(in_folder("ca.pem"), "localhost", &status), AUTHP_OK);
    ck_assert_int_eq(status, 200);
    ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(unknown_ca)
{
    int status = 0;
    ck_assert_int_eq(fetch_with(NULL, "localhost", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(lines, "AUTHP0011: https://localhost:"));
    ck_assert_ptr_nonnull(strstr(lines, "certificate"));
    ck_assert_int_eq(fetch_with(in_folder("other.pem"), "localhost", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(wrong_host)
{
    int status = 0;
    ck_assert_int_eq(fetch_with(in_folder("ca.pem"), "127.0.0.1", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_msg(strstr(lines, "the certificate is not for this host") != NULL, "%s", lines);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* The server closes each connection after its answer. So each request has a new one. */
START_TEST(read_once)
{
    int status = 0;
    const authp_fetcher_t *fetcher = fetcher_for(in_folder("ca.pem"), 1);
    const authp_fetcher_t *strict = fetcher_for(NULL, 1);
    ck_assert_int_eq(reads, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fetch_by(fetcher, "localhost", &status), AUTHP_OK);
        ck_assert_int_eq(status, 200);
        ck_assert_int_eq(reads, 1);
    }
    ck_assert_str_eq(lines, "");
    /* Another client with the same file shares them. Hosts are compared all the same. */
    ck_assert_int_eq(fetch_with(in_folder("ca.pem"), "127.0.0.1", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_msg(strstr(lines, "the certificate is not for this host") != NULL, "%s", lines);
    ck_assert_int_eq(reads, 1);
    /* What one client trusts is not what another one trusts. */
    for (int i = 0; i < 3; i++) {
        lines[0] = '\0';
        ck_assert_int_eq(fetch_by(strict, "localhost", &status), AUTHP_E_UNAVAILABLE);
        ck_assert_msg(strstr(lines, "certificate") != NULL, "%s", lines);
        ck_assert_int_eq(reads, 2);
    }
    ck_assert_int_eq(fetch_with(in_folder("other.pem"), "localhost", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(fetch_by(fetcher, "localhost", &status), AUTHP_OK);
}
END_TEST

/* As after a graceful restart. */
START_TEST(read_again_by_another_pool)
{
    int status = 0;
    authp_fetcher_t *fetcher = NULL;
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    ck_assert_int_eq(fetch_with(in_folder("ca.pem"), "localhost", &status), AUTHP_OK);
    run("cp other.pem ca.pem");
    ck_assert_int_eq(fetch_with(in_folder("ca.pem"), "localhost", &status), AUTHP_OK);
    ck_assert_int_eq(authp_curl_make(in_folder("ca.pem"), 1, &fetcher, own), AUTHP_OK);
    ck_assert_int_eq(fetch_by(fetcher, "localhost", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(reads, 2);
    apr_pool_destroy(own);
}
END_TEST

/* Without the system's certificates nobody is trusted, and the next connection reads them. With a
 * file of one's own that one counts. */
START_TEST(not_readable)
{
    int status = 0;
    const authp_fetcher_t *strict = fetcher_for(NULL, 1);
    refused_reads = 1;
    ck_assert_int_eq(fetch_by(strict, "localhost", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_msg(strstr(lines, curl_easy_strerror(CURLE_SSL_CACERT_BADFILE)) != NULL, "%s", lines);
    lines[0] = '\0';
    ck_assert_int_eq(fetch_by(strict, "localhost", &status), AUTHP_E_UNAVAILABLE);
    ck_assert_msg(strstr(lines, curl_easy_strerror(CURLE_SSL_CACERT_BADFILE)) == NULL, "%s", lines);
    ck_assert_int_eq(reads, 2);
    refused_reads = 1;
    ck_assert_int_eq(fetch_with(in_folder("ca.pem"), "localhost", &status), AUTHP_OK);
    ck_assert_int_eq(reads, 3);
}
END_TEST

typedef struct crowd_t {
    const authp_fetcher_t *fetcher;
    authp_fetch_t request;
} crowd_t;

static void *fetch_five(void *data)
{
    const crowd_t *crowd = data;
    apr_pool_t *own = NULL;
    intptr_t good = 0;
    apr_pool_create(&own, NULL);
    for (int i = 0; i < 5; i++) {
        authp_fetched_t out = {0};
        good += authp_fetch(crowd->fetcher, &crowd->request, &out, own) == AUTHP_OK;
    }
    apr_pool_destroy(own);
    return (void *)good; // NOLINT(performance-no-int-to-ptr)
}

START_TEST(many_threads)
{
    pthread_t threads[4];
    const crowd_t crowd = {.fetcher = fetcher_for(in_folder("ca.pem"), 4),
                           .request = {.url = apr_psprintf(pool, "https://localhost:%d/", port),
                                       .timeout_ms = PATIENCE_MS,
                                       .limit = 1000000}};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fetch_five, (void *)(uintptr_t)&crowd),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        void *good = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &good), 0);
        ck_assert_int_eq((intptr_t)good, 5);
    }
    ck_assert_int_eq(reads, 1);
}
END_TEST

START_TEST(wrong_files)
{
    static const char *const names[] = {"empty.pem", "ca.key", "missing.pem", ".", "half.pem"};
    static const char *const words[] = {
        "no certificate in this file", "no certificate in this file",
        "this file of certificates cannot be read", "this file of certificates cannot be read",
        "a part of this file is damaged"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        authp_fetcher_t *fetcher = NULL;
        lines[0] = '\0';
        ck_assert_int_eq(authp_curl_make(in_folder(names[i]), 1, &fetcher, pool),
                         AUTHP_E_MALFORMED);
        ck_assert_ptr_null(fetcher);
        ck_assert_str_eq(
            lines, apr_pstrcat(pool, "AUTHP0012: ", in_folder(names[i]), ": ", words[i], NULL));
        ck_assert_uint_eq(ERR_peek_error(), 0);
    }
}
END_TEST

Suite *suite_curl_tls(void)
{
    Suite *suite = suite_create("curl_tls");
    TCase *tests = tcase_create("curl_tls");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, own_ca);
    tcase_add_test(tests, unknown_ca);
    tcase_add_test(tests, wrong_host);
    tcase_add_test(tests, read_once);
    tcase_add_test(tests, read_again_by_another_pool);
    tcase_add_test(tests, not_readable);
    tcase_add_test(tests, many_threads);
    tcase_add_test(tests, wrong_files);
    suite_add_tcase(suite, tests);
    return suite;
}
