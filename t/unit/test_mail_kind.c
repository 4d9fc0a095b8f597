/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the kinds of mail, which are in stored rows and in names of files. */
#include "service/mail/mail_kind.h"
#include "suite.h"

START_TEST(names_lead_back)
{
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        const char *name = authp_mail_kind_name((authp_mail_kind_t)kind);
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq((int)authp_mail_kind_of(name), kind);
    }
    ck_assert_str_eq(authp_mail_kind_name(AUTHP_MAIL_VERIFY_EMAIL), "verify_email");
    ck_assert_str_eq(authp_mail_kind_name(AUTHP_MAIL_INVITE), "invite");
}
END_TEST

START_TEST(other_texts_are_no_kind)
{
    static const char *const others[] = {"", "verify", "verify_emails", "VERIFY_EMAIL"};
    ck_assert_int_eq((int)authp_mail_kind_of(NULL), AUTHP_MAIL_KINDS);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert_int_eq((int)authp_mail_kind_of(others[i]), AUTHP_MAIL_KINDS);
    }
}
END_TEST

START_TEST(three_kinds_have_a_link)
{
    int links = 0;
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        links += authp_mail_kind_links((authp_mail_kind_t)kind);
    }
    ck_assert_int_eq(links, 3);
    ck_assert(authp_mail_kind_links(AUTHP_MAIL_VERIFY_EMAIL));
    ck_assert(authp_mail_kind_links(AUTHP_MAIL_RESET_PASSWORD));
    ck_assert(authp_mail_kind_links(AUTHP_MAIL_SET_PASSWORD));
}
END_TEST

Suite *suite_mail_kind(void)
{
    Suite *suite = suite_create("mail_kind");
    TCase *tcase = tcase_create("kinds");
    tcase_add_test(tcase, names_lead_back);
    tcase_add_test(tcase, other_texts_are_no_kind);
    tcase_add_test(tcase, three_kinds_have_a_link);
    suite_add_tcase(suite, tcase);
    return suite;
}
