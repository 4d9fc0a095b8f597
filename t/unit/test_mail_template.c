/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of mails: what is refused, what the placeholders become, and the HTML of a text. */
#include "service/mail/mail_layout.h"
#include "service/mail/mail_template.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define VERIFY AUTHP_MAIL_VERIFY_EMAIL
#define CHANGED AUTHP_MAIL_PASSWORD_CHANGED
#define INVITE AUTHP_MAIL_INVITE
#define MUST_BEGIN "line 1: must be \"Subject: \" and the subject of the mail"
#define ALL "there are {{link}}, {{name}} and {{code}}"

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const struct {
    authp_mail_kind_t kind;
    const char *text;
    const char *why;
} bad_texts[] = {
    {CHANGED, "", MUST_BEGIN},
    {CHANGED, "Hello\n\nText\n", MUST_BEGIN},
    {CHANGED, "\nSubject: A\n\nText\n", MUST_BEGIN},
    {CHANGED, "subject: A\n\nText\n", MUST_BEGIN},
    {CHANGED, "Subject:  \n\nText\n", "line 1: has no subject after \"Subject:\""},
    {CHANGED, "Subject: a\x01\n\nText\n", "line 1: has a control character in the subject"},
    {CHANGED, "Subject: a\xc2\x85\n\nText\n", "line 1: has a control character in the subject"},
    {CHANGED, "Subject: a\rBcc: b@example.org\n\nText\n",
     "line 1: has a control character in the subject"},
    {CHANGED, "Subject: Hi {{name}}\n\nText\n",
     "line 1: has a placeholder in the subject, which can have none"},
    {CHANGED, "Subject: A\n\n \n", "has no text after the subject"},
    {CHANGED, "Subject: A", "has no text after the subject"},
    {CHANGED, "Subject: A\n\nText\n\x1b[2J\n", "line 4: has a control character"},
    {CHANGED, "Subject: A\n\nHi {{nmae}}\n",
     "line 3: {{nmae}} is no placeholder; did you mean {{name}}?"},
    {CHANGED, "Subject: A\n\nHi {{ name }}\n",
     "line 3: {{ name }} is no placeholder; did you mean {{name}}?"},
    {CHANGED, "Subject: A\n\n{{address}}\n", "line 3: {{address}} is no placeholder; " ALL},
    {CHANGED, "Subject: A\n\n{{\xc3\xa9}}\n", "line 3: {{??}} is no placeholder; " ALL},
    {CHANGED, "Subject: A\n\n{{}}\n", "line 3: {{}} is no placeholder; " ALL},
    {CHANGED, "Subject: A\n\n{{0123456789012345678901234567890123456789}}\n",
     "line 3: {{0123456789012345678901234567890123456789}} is no placeholder; " ALL},
    {CHANGED, "Subject: A\n\n{{0123456789012345678901234567890123456789x}}\n",
     "line 3: {{0123456789012345678901234567890123456789}} is no placeholder; " ALL},
    {CHANGED, "Subject: A\n\nText\n{{name\n}}\n", "line 4: has {{ without }}"},
    {CHANGED, "Subject: A\r\n\r\nText\r\n{{link}}\r\n",
     "line 4: mails of the kind password_changed have no {{link}}"},
    {VERIFY, "Subject: A\n\n{{link}} {{code}}\n",
     "line 3: mails of the kind verify_email have no {{code}}"},
    {AUTHP_MAIL_ADDRESS_TAKEN, "Subject: A\n\n{{link}}\n",
     "line 3: mails of the kind address_taken have no {{link}}"},
    {VERIFY, "Subject: A\n\nText\n", "lacks {{link}}, which mails of the kind verify_email need"},
    {AUTHP_MAIL_RESET_PASSWORD, "Subject: A\n\nText\n",
     "lacks {{link}}, which mails of the kind reset_password need"},
    {AUTHP_MAIL_SET_PASSWORD, "Subject: A\n\nText\n",
     "lacks {{link}}, which mails of the kind set_password need"},
    {INVITE, "Subject: A\n\nText\n", "lacks {{code}}, which mails of the kind invite need"},
    {CHANGED, "Subject: A\n\nT\xe4xt\n", "is not UTF-8"},
};

START_TEST(refuses_text)
{
    authp_mail_template_t out = {.subject = "untouched"};
    const char *why = NULL;
    const char *text = bad_texts[_i].text;
    ck_assert_int_eq(
        authp_mail_template_text(bad_texts[_i].kind, text, strlen(text), &out, &why, pool),
        AUTHP_E_MALFORMED);
    ck_assert_str_eq(why, bad_texts[_i].why);
    ck_assert_str_eq(out.subject, "untouched");
}
END_TEST

static const struct {
    authp_mail_kind_t kind;
    const char *html;
    const char *why;
} bad_html[] = {
    {CHANGED, "", "is empty"},
    {CHANGED, "\n \n", "is empty"},
    {CHANGED, "<p>\n{{x}}", "line 2: {{x}} is no placeholder; " ALL},
    {VERIFY, "<p>Text", "lacks {{link}}, which mails of the kind verify_email need"},
    {INVITE, "<p>Text", "lacks {{code}}, which mails of the kind invite need"},
    {CHANGED, "<p>\xff", "is not UTF-8"},
    {CHANGED, "<p>\x07", "line 1: has a control character"},
};

START_TEST(refuses_html)
{
    const char *out = "untouched";
    const char *why = NULL;
    const char *html = bad_html[_i].html;
    ck_assert_int_eq(
        authp_mail_template_html(bad_html[_i].kind, html, strlen(html), &out, &why, pool),
        AUTHP_E_MALFORMED);
    ck_assert_str_eq(why, bad_html[_i].why);
    ck_assert_str_eq(out, "untouched");
}
END_TEST

/* At the limit a template is accepted, and beyond it refused. A NUL byte is refused. */
START_TEST(bytes)
{
    const char start[] = "Subject: A\n\n";
    char *text = apr_palloc(pool, AUTHP_MAIL_TEMPLATE_MOST + 2);
    authp_mail_template_t out;
    const char *why = NULL;
    memset(text, 'x', AUTHP_MAIL_TEMPLATE_MOST + 2);
    memcpy(text, start, sizeof(start) - 1);
    ck_assert_int_eq(
        authp_mail_template_text(CHANGED, text, AUTHP_MAIL_TEMPLATE_MOST, &out, &why, pool),
        AUTHP_OK);
    ck_assert_int_eq(
        authp_mail_template_text(CHANGED, text, AUTHP_MAIL_TEMPLATE_MOST + 1, &out, &why, pool),
        AUTHP_E_MALFORMED);
    ck_assert_str_eq(why, "is larger than 100 KiB");
    text[20] = '\0';
    ck_assert_int_eq(authp_mail_template_text(CHANGED, text, 40, &out, &why, pool),
                     AUTHP_E_MALFORMED);
    ck_assert_str_eq(why, "has a NUL byte");
}
END_TEST

static authp_mail_template_t parsed(authp_mail_kind_t kind, const char *text)
{
    authp_mail_template_t out = {0};
    const char *why = "?";
    ck_assert_msg(authp_mail_template_text(kind, text, strlen(text), &out, &why, pool) == AUTHP_OK,
                  "%s", why);
    return out;
}

START_TEST(reads)
{
    authp_mail_template_t text = parsed(CHANGED, "\xEF\xBB\xBFSubject:\tGr\xc3\xbc\xc3\x9f"
                                                 "e \r\n\r\n\r\nA\tb\r\n\r\nC");
    ck_assert_str_eq(text.subject, "Gr\xc3\xbc\xc3\x9f"
                                   "e");
    ck_assert_str_eq(text.body, "A b\n\nC\n");
}
END_TEST

/* A BOM is skipped, and lines are those of a text. */
START_TEST(reads_html)
{
    static const char given[] = "\xEF\xBB\xBF<p>\r\n\tA\xC2\xA0{{name}}</p>";
    const char *out = NULL;
    const char *why = "?";
    ck_assert_msg(authp_mail_template_html(CHANGED, given, sizeof(given) - 1, &out, &why, pool) ==
                      AUTHP_OK,
                  "%s", why);
    ck_assert_str_eq(out, "<p>\n A\xC2\xA0{{name}}</p>\n");
}
END_TEST

static const struct {
    const char *template;
    authp_mail_values_t values;
    bool html;
    const char *expected;
} fills[] = {
    {"A\n", {0}, false, "A\n"},
    {"Hi {{name}},\n\nText\n", {.name = "Ada"}, false, "Hi Ada,\n\nText\n"},
    {"Hi {{name}},\n\nText\n", {0}, false, "Text\n"},
    {"Hi {{name}},\n\nText\n", {.name = ""}, false, "Text\n"},
    {"A\n\nHi {{name}},\n\nText\n", {0}, false, "A\n\nText\n"},
    {"A\nHi {{name}},\nText\n", {0}, false, "A\nText\n"},
    {"A\n\nHi {{name}},\nText\n", {0}, false, "A\n\nText\n"},
    {"A\nHi {{name}},\n\nText\n", {0}, false, "A\n\nText\n"},
    {"{{name}} {{link}}\n", {.name = "Ada"}, false, ""},
    {"{{name}}{{name}}!\n", {.name = "Ada"}, false, "AdaAda!\n"},
    {"<b>{{name}}</b>\n", {.name = "<b>&\"'"}, true, "<b>&lt;b&gt;&amp;&quot;&#39;</b>\n"},
    {"<b>{{name}}</b>\n", {.name = "<b>&\"'"}, false, "<b><b>&\"'</b>\n"},
    {"<a href=\"{{link}}\">\n",
     {.link = "https://a/?b&c#d"},
     true,
     "<a href=\"https://a/?b&amp;c#d\">\n"},
    /* a value is not read again, and has no line end */
    {"{{name}}\n", {.name = "{{code}}", .code = "secret"}, false, "{{code}}\n"},
    {"{{name}}\n", {.name = "A\r\nB\tC\x7f"}, false, "A  B C \n"},
};

/* A control character of a value becomes a space. No other byte is changed. */
START_TEST(bytes_of_values)
{
    for (int byte = 1; byte < 128; byte++) {
        const authp_mail_values_t values = {.name = apr_psprintf(pool, "a%cb", byte)};
        const char *want = apr_psprintf(pool, "a%cb\n", byte < ' ' || byte == 0x7f ? ' ' : byte);
        ck_assert_str_eq(authp_mail_template_fill("{{name}}\n", &values, false, pool), want);
    }
}
END_TEST

START_TEST(fill)
{
    ck_assert_str_eq(
        authp_mail_template_fill(fills[_i].template, &fills[_i].values, fills[_i].html, pool),
        fills[_i].expected);
}
END_TEST

/* A text of an operator in a language that is not built in. */
START_TEST(layout)
{
    authp_mail_template_t text = parsed(
        VERIFY, "Subject: Tom & <i>\n\nHi {{name}},\n\nA < B\n\n\n{{link}}\n\nC\nby {{name}}\nD\n");
    const char *html = authp_mail_layout_html(&text, "pt-BR", pool);
    const char *why = "?";
    ck_assert_msg(authp_mail_template_html(VERIFY, html, strlen(html), &html, &why, pool) ==
                      AUTHP_OK,
                  "%s", why);
    ck_assert_ptr_nonnull(strstr(html, "<html lang=\"pt-BR\" dir=\"ltr\">"));
    ck_assert_ptr_nonnull(strstr(html, "<title>Tom &amp; &lt;i&gt;</title>"));
    ck_assert_ptr_nonnull(strstr(html, ">Tom &amp; &lt;i&gt;</a>"));
    ck_assert_ptr_nonnull(strstr(html, "\">A &lt; B</p>"));
    ck_assert_ptr_nonnull(strstr(html, ">{{link}}</a>"));
    ck_assert_ptr_nonnull(strstr(html, "\">\nC<br>\nby {{name}}<br>\nD\n</p>"));
    const authp_mail_values_t values = {.link = "https://a/#b"};
    html = authp_mail_template_fill(html, &values, true, pool);
    ck_assert_ptr_null(strstr(html, "Hi "));
    ck_assert_ptr_nonnull(strstr(html, "\">\nC<br>\nD\n</p>"));
    ck_assert_ptr_nonnull(strstr(html, "href=\"https://a/#b\""));
}
END_TEST

/* A paragraph that is a code alone, and one that is a link alone, have boxes of their own. */
START_TEST(code_and_link)
{
    authp_mail_template_t text = parsed(INVITE, "Subject: S\n\nA\n\n{{code}}\n\nB {{code}}\n");
    const char *html = authp_mail_layout_html(&text, "en", pool);
    ck_assert_ptr_nonnull(strstr(html, "<p class=\"code\""));
    ck_assert_ptr_null(strstr(strstr(html, "class=\"code\"") + 1, "class=\"code\""));
    ck_assert_ptr_nonnull(strstr(html, ">{{code}}</p>"));
    ck_assert_ptr_nonnull(strstr(html, ">B {{code}}</p>"));
    text = parsed(INVITE, "Subject: S\n\n{{link}}\n\nA {{code}}\n");
    html = authp_mail_layout_html(&text, "en", pool);
    ck_assert_ptr_null(strstr(html, "<p class=\"code\""));
    ck_assert_ptr_nonnull(strstr(html, "href=\"{{link}}\""));
}
END_TEST

static const struct {
    const char *language;
    bool rtl;
} directions[] = {
    {"ar", true},    {"ckb", true},   {"dv", true},     {"fa", true},   {"he", true},
    {"ps", true},    {"sd", true},    {"ug", true},     {"ur", true},   {"yi", true},
    {"ar-EG", true}, {"fa-AF", true}, {"ckb-IQ", true}, {"arn", false}, {"a-ar", false},
    {"hi", false},   {"en", false},   {"de", false},    {"ck", false},  {"hi-fa", false},
};

START_TEST(direction)
{
    authp_mail_template_t text = parsed(CHANGED, "Subject: A\n\nB\n");
    const char *language = directions[_i].language;
    const bool rtl = directions[_i].rtl;
    const char *html = authp_mail_layout_html(&text, language, pool);
    const char *start =
        apr_pstrcat(pool, "<html lang=\"", language, "\" dir=\"", rtl ? "rtl" : "ltr", "\">", NULL);
    ck_assert_ptr_nonnull(strstr(html, start));
    ck_assert_ptr_nonnull(strstr(html, rtl ? "<td align=\"right\"" : "<td align=\"left\""));
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_mail_template(void)
{
    Suite *suite = suite_create("mail_template");
    TCase *tc = tcase_create("mail_template");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, refuses_text, 0, ROWS(bad_texts));
    tcase_add_loop_test(tc, refuses_html, 0, ROWS(bad_html));
    tcase_add_test(tc, bytes);
    tcase_add_test(tc, reads);
    tcase_add_test(tc, reads_html);
    tcase_add_test(tc, bytes_of_values);
    tcase_add_loop_test(tc, fill, 0, ROWS(fills));
    tcase_add_test(tc, layout);
    tcase_add_test(tc, code_and_link);
    tcase_add_loop_test(tc, direction, 0, ROWS(directions));
    suite_add_tcase(suite, tc);
    return suite;
}
