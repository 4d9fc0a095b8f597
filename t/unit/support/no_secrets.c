/* SPDX-License-Identifier: Apache-2.0 */
#include "no_secrets.h"
#include "base/log.h"
#include "fixture.h"

#include <stdbool.h>
#include <string.h>

#include <check.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define RANDOM_LEN 22 /* 16 bytes and more */

static const char *const secrets[] = {FIXTURE_PASSWORD, FIXTURE_SECRET, "hush",
                                      "$2a$",           "$2b$",         "$2y$"};

/* An id has only hex digits, and a word has only letters. */
static bool looks_random(const char *at, size_t len)
{
    return len >= RANDOM_LEN && strspn(at, DIGITS "abcdef") < len && strspn(at, LETTERS "_-") < len;
}

void no_secrets_in(const char *text)
{
    for (size_t i = 0; text != NULL && i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        ck_assert_msg(strstr(text, secrets[i]) == NULL, "a secret: %s", text);
    }
    while (text != NULL && *text != '\0') {
        size_t len = strspn(text, LETTERS DIGITS "_-");
        ck_assert_msg(!looks_random(text, len), "this looks like a token: %s", text);
        text += len > 0 ? len : 1;
    }
}

static void look(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    no_secrets_in(message);
    ck_assert_msg(strstr(message, "@example.") == NULL, "an address: %s", message);
}

void no_secrets_in_log(void)
{
    authp_log_set_sink(look, NULL);
}
