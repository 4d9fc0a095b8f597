/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings make of the SMTP client: where it connects, as whom, and with which trust. */
#include "base/log.h"
#include "service/mail/smtp_sender.h"
#include "service/settings/mail_url.h"
#include "smtp_peer.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;
static smtp_peer_t peer;
static authp_mail_url_t url;
static authp_settings_t settings;
static authp_mail_sender_t *sender;
static authp_smtp_verdict_t verdict;
static atomic_bool cancel;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    memset(&peer, 0, sizeof(peer));
    memset(&verdict, 0, sizeof(verdict));
    smtp_peer_start(&peer);
    url = (authp_mail_url_t){.host = "127.0.0.1", .port = peer.port};
    settings = (authp_settings_t){
        .mail_server = &url, .mail_tls_off = true, .public_host = "www.example.org"};
    authp_log_set_sink(NULL, NULL);
}

static void tear_down(void)
{
    if (peer.port != 0) {
        smtp_peer_stop(&peer);
    }
    apr_pool_destroy(pool);
}

static authp_err_t send_one(void)
{
    const authp_message_t message = {.from = "us@example.org",
                                     .to = "ada@example.com",
                                     .subject = "S",
                                     .id = "1",
                                     .date = 1,
                                     .text = "T\n"};
    ck_assert_int_eq(authp_smtp_sender_make(&settings, &sender, pool), AUTHP_OK);
    authp_err_t err = sender->send(sender->ctx, &message, &cancel, &verdict, pool);
    sender->end_round(sender->ctx);
    smtp_peer_stop(&peer);
    peer.port = 0;
    return err;
}

/* The host of PUBLIC_URL, and what EHLO says. */
static const struct {
    const char *host;
    const char *hello;
} hosts[] = {
    {"www.example.org", "EHLO www.example.org\r\n"},
    {"localhost", "EHLO localhost\r\n"},
    {"192.0.2.7", "EHLO [192.0.2.7]\r\n"},
    {"192.0.2.7.example.org", "EHLO 192.0.2.7.example.org\r\n"},
    {"[2001:db8::7]", "EHLO [IPv6:2001:db8::7]\r\n"},
};

START_TEST(hello)
{
    settings.public_host = hosts[_i].host;
    ck_assert_int_eq(send_one(), AUTHP_OK);
    ck_assert_str_eq(peer.hello, hosts[_i].hello);
    ck_assert_str_eq(peer.commands, "1 EHLO\n1 MAIL\n1 RCPT\n1 DATA\n1 QUIT\n");
    ck_assert_ptr_nonnull(strstr(peer.mail, "Subject: S\r\n"));
}
END_TEST

/* Without MAIL_TLS=off a server without STARTTLS gets no mail, and smtps begins with TLS. */
START_TEST(tls)
{
    settings.mail_tls_off = false;
    url.tls = _i == 1;
    peer.rules[0] = (smtp_peer_rule_t){"EHLO", 0, "250 peer\r\n"};
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_le(verdict.stage, AUTHP_SMTP_TLS);
    ck_assert_int_eq(atomic_load(&peer.mails), 0);
    ck_assert_ptr_null(strstr(peer.commands, "MAIL"));
    ck_assert_int_eq(peer.hello[0] != '\0', _i == 0);
}
END_TEST

/* With a user a server without AUTH gets no mail. */
START_TEST(auth)
{
    url.user = "us";
    url.password = authp_secret_make("secret", 6, pool);
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(verdict.stage, AUTHP_SMTP_AUTH);
    ck_assert_ptr_null(strstr(peer.commands, "MAIL"));
}
END_TEST

START_TEST(ca_file)
{
    authp_smtp_t *smtp = NULL;
    settings.mail_ca_file = "/nowhere/ca.pem";
    ck_assert_int_eq(authp_smtp_sender_client(&settings, &smtp, pool), AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_smtp_sender_make(&settings, &sender, pool), AUTHP_E_MALFORMED);
    settings.mail_ca_file = NULL;
    ck_assert_int_eq(authp_smtp_sender_client(&settings, &smtp, pool), AUTHP_OK);
}
END_TEST

/* A message that cannot be written does not reach the server. */
START_TEST(a_bad_message)
{
    const authp_message_t message = {.from = "us@example.org",
                                     .to = "ada@example.com\r\nBcc: x@y",
                                     .subject = "S",
                                     .id = "1",
                                     .text = "T\n"};
    ck_assert_int_eq(authp_smtp_sender_make(&settings, &sender, pool), AUTHP_OK);
    ck_assert_int_eq(sender->send(sender->ctx, &message, &cancel, &verdict, pool),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(atomic_load(&peer.connections), 0);
}
END_TEST

/* A round that is over before it begins sends nothing. */
START_TEST(canceled)
{
    atomic_store(&cancel, true);
    ck_assert_int_eq(send_one(), AUTHP_E_ABORTED);
    ck_assert_int_eq(atomic_load(&peer.mails), 0);
    atomic_store(&cancel, false);
}
END_TEST

Suite *suite_smtp_sender(void)
{
    Suite *suite = suite_create("smtp_sender");
    TCase *tests = tcase_create("smtp_sender");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, hello, 0, sizeof(hosts) / sizeof(hosts[0]));
    tcase_add_loop_test(tests, tls, 0, 2);
    tcase_add_test(tests, auth);
    tcase_add_test(tests, ca_file);
    tcase_add_test(tests, a_bad_message);
    tcase_add_test(tests, canceled);
    suite_add_tcase(suite, tests);
    return suite;
}
