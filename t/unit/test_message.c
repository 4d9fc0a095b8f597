/* SPDX-License-Identifier: Apache-2.0 */
/* Mails as they are on the wire: header lines, encoded words, quoted-printable. */
#include "service/mail/mail_words.h"
#include "service/mail/message.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define X72 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X75 X72 "xxx"

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static authp_message_t sample(void)
{
    return (authp_message_t){.from = "no-reply@example.org",
                             .from_name = "Example",
                             .to = "ada@example.com",
                             .subject = "Hello",
                             .id = "665f1c2e9b1d4a0012345678",
                             .date = 1795922400000 + 5000,
                             .text = "Hi\n\nhttps://example.org/verify-email#tok=en\n",
                             .html = "<p>Hi</p>\n"};
}

static const char *written(const authp_message_t *message)
{
    const char *bytes = NULL;
    size_t len = 0;
    ck_assert_int_eq(authp_message_write(message, &bytes, &len, pool), AUTHP_OK);
    ck_assert_uint_eq(len, strlen(bytes));
    return bytes;
}

START_TEST(whole)
{
    const authp_message_t message = sample();
    ck_assert_str_eq(written(&message), "From: Example <no-reply@example.org>\r\n"
                                        "To: ada@example.com\r\n"
                                        "Subject: Hello\r\n"
                                        "Date: Sun, 29 Nov 2026 03:20:05 +0000\r\n"
                                        "Message-ID: <665f1c2e9b1d4a0012345678@example.org>\r\n"
                                        "Auto-Submitted: auto-generated\r\n"
                                        "MIME-Version: 1.0\r\n"
                                        "Content-Type: multipart/alternative;\r\n"
                                        " boundary=\"=_665f1c2e9b1d4a0012345678\"\r\n"
                                        "\r\n"
                                        "--=_665f1c2e9b1d4a0012345678\r\n"
                                        "Content-Type: text/plain; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: quoted-printable\r\n"
                                        "\r\n"
                                        "Hi\r\n"
                                        "\r\n"
                                        "https://example.org/verify-email#tok=3Den\r\n"
                                        "\r\n"
                                        "--=_665f1c2e9b1d4a0012345678\r\n"
                                        "Content-Type: text/html; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: quoted-printable\r\n"
                                        "\r\n"
                                        "<p>Hi</p>\r\n"
                                        "\r\n"
                                        "--=_665f1c2e9b1d4a0012345678--\r\n");
}
END_TEST

START_TEST(text_alone)
{
    authp_message_t message = sample();
    message.html = message.from_name = NULL;
    const char *bytes = written(&message);
    ck_assert_ptr_null(strstr(bytes, "multipart"));
    ck_assert(strncmp(bytes, "From: no-reply@example.org\r\n", 28) == 0);
    message.from_name = "";
    ck_assert_str_eq(written(&message), bytes);
    ck_assert_ptr_nonnull(strstr(bytes, "MIME-Version: 1.0\r\nContent-Type: text/plain; "));
}
END_TEST

/* A day has no zero before it, an hour has. An id may have more than hexadecimal digits. */
START_TEST(days_and_ids)
{
    static const struct {
        authp_ms_t at;
        const char *date;
    } rows[] = {{0, "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"},
                {INT64_C(1707182769999), "Date: Tue, 6 Feb 2024 01:26:09 +0000\r\n"},
                {INT64_C(1735689599000), "Date: Tue, 31 Dec 2024 23:59:59 +0000\r\n"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        authp_message_t message = sample();
        message.date = rows[i].at;
        message.id = "aZ.09_-b";
        const char *bytes = written(&message);
        ck_assert_msg(strstr(bytes, rows[i].date) != NULL, "%s", bytes);
        ck_assert_ptr_nonnull(strstr(bytes, "\r\nMessage-ID: <aZ.09_-b@example.org>\r\n"));
    }
}
END_TEST

/* The address gets a line of its own if name and address together have more than 60 bytes. */
START_TEST(long_from)
{
    static const struct {
        size_t name;
        const char *between;
    } rows[] = {{1, " <"}, {40, " <"}, {41, "\r\n <"}, {60, "\r\n <"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        authp_message_t message = sample();
        char name[80] = "";
        memset(name, 'n', rows[i].name);
        message.from_name = name;
        const char *expected = apr_pstrcat(pool, "From: ", name, rows[i].between,
                                           "no-reply@example.org>\r\nTo: ", NULL);
        ck_assert_int_eq(strncmp(written(&message), expected, strlen(expected)), 0);
    }
}
END_TEST

/* The names are those of the examples of RFC 2047 section 8. Their encoding was made by another
 * program (Python's email.header). */
START_TEST(encoded_words)
{
    static const struct {
        const char *text;
        const char *header;
    } rows[] = {
        {"Keith Moore", "Keith Moore"},
        {"", ""},
        {"Keld J\xc3\xb8rn Simonsen", "=?UTF-8?B?S2VsZCBKw7hybiBTaW1vbnNlbg==?="},
        {"Andr\xc3\xa9 Pirard", "=?UTF-8?B?QW5kcsOpIFBpcmFyZA==?="},
        {"Patrik F\xc3\xa4ltstr\xc3\xb6m", "=?UTF-8?B?UGF0cmlrIEbDpGx0c3Ryw7Zt?="},
        {"a =?x", "=?UTF-8?B?YSA9P3g=?="}, /* would be read as an encoded word */
        {" a", "=?UTF-8?B?IGE=?="},        /* the space would be lost */
        {"a ", "=?UTF-8?B?YSA=?="},
        {"a b", "a b"},
        {"~ !", "~ !"}, /* the ends of printable ASCII */
        {"a\x7f", "=?UTF-8?B?YX8=?="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_str_eq(authp_mail_words_header(rows[i].text, 9, pool), rows[i].header);
    }
}
END_TEST

/* A plain text stays as it is while its line has at most 76 bytes. */
START_TEST(long_plain_headers)
{
    const char *text = "";
    for (size_t len = 0; len <= 67; len++) {
        ck_assert_str_eq(authp_mail_words_header(text, 9, pool), text);
        text = apr_pstrcat(pool, text, "a", NULL);
    }
    ck_assert_int_eq(strncmp(authp_mail_words_header(text, 9, pool), "=?UTF-8?B?", 10), 0);
}
END_TEST

/* Of a long text no line is too long, and no word cuts a character. */
START_TEST(long_headers)
{
    for (size_t count = 1; count < 200; count++) {
        const char *text = "";
        for (size_t i = 0; i < count; i++) {
            text = apr_pstrcat(pool, text, i % 3 == 0 ? "a" : "\xe0\xa4\xb9", NULL);
        }
        const char *line = authp_mail_words_header(text, 9, pool);
        size_t room = 76 - 9;
        while (line != NULL) {
            const char *end = strstr(line, "\r\n");
            size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
            ck_assert_uint_le(len, room);
            ck_assert_uint_le(len - (line[0] == ' '), 75);
            /* 3 of 4 characters of Devanagari begin with E0, and none with another byte. */
            ck_assert(count == 1 || strncmp(line + (line[0] == ' '), "=?UTF-8?B?", 10) == 0);
            line = end != NULL ? end + 2 : NULL;
            room = 76;
        }
    }
    /* 54 bytes fit into the first word of a subject; the 18th character of 3 bytes would not. */
    ck_assert_str_eq(
        authp_mail_words_header("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                                "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                                "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
                                9, pool),
        "=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
        " =?UTF-8?B?4oKs?=");
    /* 15 fit into each further one. */
    const char *text = "";
    for (int i = 0; i < 13 + 15 + 1; i++) {
        text = apr_pstrcat(pool, text, "\xe2\x82\xac", NULL);
    }
    ck_assert_str_eq(authp_mail_words_header(text, 9, pool),
                     "=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
                     " =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
                     " =?UTF-8?B?4oKs?=");
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *name;
        const char *phrase;
    } rows[] = {
        {"Example", "Example"},
        {"Example & Sons", "Example & Sons"},
        {"Doe, John", "\"Doe, John\""},
        {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
        {"example.org", "\"example.org\""},
        {"a!#$%&'*+-/=^_`{|}~ 09AZaz", "a!#$%&'*+-/=^_`{|}~ 09AZaz"},
        {"a,b", "\"a,b\""},
        {"a(b)", "\"a(b)\""},
        {"a<b>", "\"a<b>\""},
        {"a@b", "\"a@b\""},
        {"a:b;c", "\"a:b;c\""},
        {"a[b]", "\"a[b]\""},
        {"B\xc3\xa4"
         "cker, Ann",
         "=?UTF-8?B?QsOkY2tlciwgQW5u?="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_str_eq(authp_mail_words_name(rows[i].name, 6, pool), rows[i].phrase);
    }
}
END_TEST

START_TEST(quoted_printable)
{
    static const struct {
        const char *text;
        const char *body;
    } rows[] = {
        {"", ""},
        {"a", "a\r\n"},
        {"a\r\nb\n", "a\r\nb\r\n"},
        {"\n\n", "\r\n\r\n"},
        {"a=b", "a=3Db\r\n"},
        {"a \nb\t\n", "a=20\r\nb=09\r\n"},
        {"a ", "a=20\r\n"},
        {"a b", "a b\r\n"},
        {"\xc3\xa4", "=C3=A4\r\n"},
        {".\n..a", "=2E\r\n=2E.a\r\n"},
        {"From me\nFromage\nno From me", "=46rom me\r\nFromage\r\nno From me\r\n"},
        {"a\rb", "a=0Db\r\n"},
        {"!\x1f~\x7f", "!=1F~=7F\r\n"}, /* the ends of printable ASCII */
        /* 75 bytes and 76, and an escape that does not fit any more */
        {X75, X75 "\r\n"},
        {X75 "x", X75 "=\r\nx\r\n"},
        {X72 "=", X72 "=3D\r\n"},
        {X72 "x=", X72 "x=\r\n=3D\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_str_eq(authp_mail_words_body(rows[i].text, pool), rows[i].body);
    }
}
END_TEST

/* Long lines are cut, an escape is not, and no line begins with a dot. */
START_TEST(long_lines)
{
    for (size_t len = 70; len < 400; len++) {
        char *text = apr_palloc(pool, len + 1);
        for (size_t i = 0; i < len; i++) {
            text[i] = (i * 7 + len) % 11 == 0 ? '=' : (i + len) % 3 == 0 ? '.' : 'x';
        }
        text[len] = '\0';
        const char *line = authp_mail_words_body(text, pool);
        size_t at = 0;
        while (*line != '\0') {
            const char *end = strstr(line, "\r\n");
            ck_assert_ptr_nonnull(end);
            ck_assert_int_le((int)(end - line), 76);
            ck_assert_int_ne(line[0], '.');
            while (line < end) {
                if (line[0] == '=' && line + 1 == end) {
                    line++; /* the line goes on */
                } else if (line[0] == '=') {
                    ck_assert(strncmp(line, text[at] == '=' ? "=3D" : "=2E", 3) == 0);
                    line += 3;
                    at++;
                } else {
                    ck_assert_int_eq(*line++, text[at++]);
                }
            }
            line = end + 2;
        }
        ck_assert_uint_eq(at, len);
    }
}
END_TEST

/* No member adds a header line, a further recipient or a byte that is not ASCII to the header. */
START_TEST(injections)
{
    static const char *const addresses[] = {"",
                                            "ada",
                                            "@example.com",
                                            "ada@",
                                            "a@b\r\nBcc: x@y",
                                            "a@b\n",
                                            "a b@c",
                                            "a@b,c@d",
                                            "a@b;c@d",
                                            "<a@b>",
                                            "a@b>",
                                            "a@b(c)",
                                            "\"a\"@b",
                                            "\xc3\xa4@b",
                                            "a@b\x7f",
                                            "a@[127.0.0.1]",
                                            "a@b\t"};
    static const char *const lines[] = {"a\r\nBcc: x@y", "a\nb", "a\rb",
                                        "a\x01",         "\xff", "a\xc2\x85"};
    static const char *const ids[] = {"", "a b", "a>", "a@b", "a\r\n", "\"", "\xc3\xa4"};
    const char *bytes = "untouched";
    size_t len = 4711;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        authp_message_t to = sample();
        authp_message_t from = sample();
        to.to = from.from = addresses[i];
        ck_assert_int_eq(authp_message_write(&to, &bytes, &len, pool), AUTHP_E_MALFORMED);
        ck_assert_int_eq(authp_message_write(&from, &bytes, &len, pool), AUTHP_E_MALFORMED);
    }
    for (const char *at = "<>(),;:\\\"[] \t\x1f\x7f\x80"; *at != '\0'; at++) { /* each one alone */
        authp_message_t message = sample();
        message.to = apr_psprintf(pool, "a%cb@example.org", *at);
        ck_assert_int_eq(authp_message_write(&message, &bytes, &len, pool), AUTHP_E_MALFORMED);
    }
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        authp_message_t subject = sample();
        authp_message_t name = sample();
        subject.subject = name.from_name = lines[i];
        ck_assert_int_eq(authp_message_write(&subject, &bytes, &len, pool), AUTHP_E_MALFORMED);
        ck_assert_int_eq(authp_message_write(&name, &bytes, &len, pool), AUTHP_E_MALFORMED);
    }
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        authp_message_t message = sample();
        message.id = ids[i];
        ck_assert_int_eq(authp_message_write(&message, &bytes, &len, pool), AUTHP_E_MALFORMED);
    }
    for (int i = 0; i < 2; i++) { /* bodies that are not UTF-8 */
        authp_message_t message = sample();
        *(i == 0 ? &message.text : &message.html) = "a\xff";
        ck_assert_int_eq(authp_message_write(&message, &bytes, &len, pool), AUTHP_E_MALFORMED);
    }
    ck_assert_str_eq(bytes, "untouched");
    ck_assert_uint_eq(len, 4711);
}
END_TEST

Suite *suite_message(void)
{
    Suite *suite = suite_create("message");
    TCase *tc = tcase_create("message");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, whole);
    tcase_add_test(tc, text_alone);
    tcase_add_test(tc, days_and_ids);
    tcase_add_test(tc, long_from);
    tcase_add_test(tc, encoded_words);
    tcase_add_test(tc, long_plain_headers);
    tcase_add_test(tc, long_headers);
    tcase_add_test(tc, names);
    tcase_add_test(tc, quoted_printable);
    tcase_add_test(tc, long_lines);
    tcase_add_test(tc, injections);
    suite_add_tcase(suite, tc);
    return suite;
}
