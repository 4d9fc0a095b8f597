/* SPDX-License-Identifier: Apache-2.0 */
/* How long access tokens of a profile live. */
#include "service/session/terms.h"
#include "suite.h"

static const authp_terms_t hour = {.prf = "x", .minutes = 60, .most_minutes = 1440};
static const authp_terms_t month = {.prf = "y", .minutes = 43200, .most_minutes = 43200};

static const struct {
    int set; /* ACCESS_TOKEN_EXPIRE_MINUTES; 0: not set */
    const authp_terms_t *terms;
    int minutes;
} lives[] = {
    {0, NULL, 15},        {0, &authp_terms_platform, 15},
    {0, &hour, 60},       {0, &month, 43200},
    {1, NULL, 1},         {1440, NULL, 1440},
    {1441, NULL, 15},     {43200, NULL, 15},
    {15, &hour, 15},      {1440, &hour, 1440},
    {1441, &hour, 60},    {30, &month, 30},
    {1441, &month, 1441},
};

START_TEST(minutes)
{
    const authp_settings_t settings = {.access_token_minutes = lives[_i].set};
    ck_assert_int_eq(authp_terms_minutes(&settings, lives[_i].terms), lives[_i].minutes);
}
END_TEST

Suite *suite_terms(void)
{
    Suite *suite = suite_create("terms");
    TCase *tests = tcase_create("terms");
    tcase_add_loop_test(tests, minutes, 0, (int)(sizeof(lives) / sizeof(lives[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
