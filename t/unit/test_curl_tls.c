/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates the HTTP client trusts. A server of the command openssl(1), with a CA of its
 * own. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include "base/log.h"
#include "net/curl.h"
#include "suite.h"

#define PATIENCE_MS 20000

static apr_pool_t *pool;
static char folder[] = "/tmp/authp-tls-XXXXXX";
static pid_t server;
static int port;
static char lines[2000];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(lines, message, sizeof(lines));
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

static authp_err_t fetch_with(const char *ca_file, const char *host, int *status)
{
    authp_fetcher_t *fetcher = NULL;
    authp_fetched_t out = {0};
    const authp_fetch_t request = {.url = apr_psprintf(pool, "https://%s:%d/", host, port),
                                   .timeout_ms = PATIENCE_MS,
                                   .limit = 1000000};
    ck_assert_int_eq(authp_curl_make(ca_file, 1, &fetcher, pool), AUTHP_OK);
    ERR_raise(ERR_LIB_USER, 1);
    authp_err_t err = authp_fetch(fetcher, &request, &out, pool);
    /* mod_ssl would take an error that is left for one of its own connection. */
    ck_assert_uint_eq(ERR_peek_error(), 0);
    *status = out.status;
    return err;
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

START_TEST(wrong_files)
{
    static const char *const names[] = {"empty.pem", "ca.key", "missing.pem", "."};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        authp_fetcher_t *fetcher = NULL;
        lines[0] = '\0';
        ck_assert_int_eq(authp_curl_make(in_folder(names[i]), 1, &fetcher, pool),
                         AUTHP_E_MALFORMED);
        ck_assert_ptr_null(fetcher);
        ck_assert_ptr_eq(strstr(lines, "AUTHP0012: "), lines);
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
    tcase_add_test(tests, wrong_files);
    suite_add_tcase(suite, tests);
    return suite;
}
