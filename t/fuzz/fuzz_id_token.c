/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of an id_token with a good signature. The first byte of the input says what is
 * expected of them: bit 0 a nonce, bit 1 a phone, bits 2 and 3 the kind of provider. */
#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"
#include "service/account/account_rules.h"
#include "service/provider/id_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795219200)
#define CLIENT "ours"
#define PHONE "phone"
#define NONCE "n1"

static authp_provider_t providers[3];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    apr_array_header_t *domains = apr_array_make(fuzz_pool(), 1, sizeof(const char *));
    apr_array_header_t *phones = apr_array_make(fuzz_pool(), 1, sizeof(const char *));
    (void)argc;
    (void)argv;
    APR_ARRAY_PUSH(domains, const char *) = "corp.example";
    APR_ARRAY_PUSH(phones, const char *) = PHONE;
    for (int i = 0; i < 3; i++) {
        providers[i] =
            (authp_provider_t){.name = "google",
                               .kind = i == 2 ? AUTHP_PROVIDER_MICROSOFT : AUTHP_PROVIDER_OIDC,
                               .issuer = AUTHP_PROVIDER_GOOGLE_ISSUER,
                               .client_id = CLIENT,
                               .google = i == 0,
                               .email_domains = domains,
                               .audiences = phones};
    }
    return 0;
}

static bool is(const json_t *value, const char *text)
{
    return json_is_string(value) && json_string_length(value) == strlen(text) &&
           memcmp(json_string_value(value), text, strlen(text)) == 0;
}

/* What must be so in accepted claims, read without the code under test. */
static void check_claims(const authp_id_token_rules_t *rules, const json_t *claims)
{
    const json_t *aud = json_object_get(claims, "aud");
    const json_t *azp = json_object_get(claims, "azp");
    const json_t *nonce = json_object_get(claims, "nonce");
    const json_t *iss = json_object_get(claims, "iss");
    const json_t *asked = json_is_array(aud) ? azp : aud;
    FUZZ_DEMAND(is(iss, AUTHP_PROVIDER_GOOGLE_ISSUER) ||
                (rules->provider->google && is(iss, "accounts.google.com")));
    FUZZ_DEMAND(is(asked, CLIENT) || (rules->from_a_phone && is(asked, PHONE)));
    FUZZ_DEMAND(json_integer_value(json_object_get(claims, "exp")) > NOW - 60);
    FUZZ_DEMAND(json_integer_value(json_object_get(claims, "iat")) <= NOW + 60);
    FUZZ_DEMAND(rules->nonce != NULL ? is(nonce, NONCE) : nonce == NULL);
    FUZZ_DEMAND(authp_id_token_expiry(claims) > NOW - 60);
}

static void check_text(const char *text, size_t least, size_t most)
{
    size_t len = strlen(text);
    FUZZ_DEMAND(len >= least && len <= most);
    FUZZ_DEMAND(authp_text_utf8(text, len, NULL) && !authp_text_has_control(text, len));
}

static void check_person(const authp_provider_t *provider, const json_t *claims,
                         const authp_person_t *person)
{
    const json_t *verified = json_object_get(claims, "email_verified");
    FUZZ_DEMAND(provider->kind == AUTHP_PROVIDER_MICROSOFT || json_is_true(verified));
    FUZZ_DEMAND(is(json_object_get(claims, "sub"), person->sub));
    check_text(person->sub, 1, 255);
    check_text(person->email, 3, 254);
    FUZZ_DEMAND(authp_account_rules_check_email(person->email, strlen(person->email)) == NULL);
    const char *domain = strrchr(person->email, '@') + 1;
    FUZZ_DEMAND(person->vouched == (provider->google || strcmp(domain, "corp.example") == 0));
    if (person->name != NULL) {
        check_text(person->name, 1, 800);
    }
    if (person->picture != NULL) {
        check_text(person->picture, 7, 1024);
        FUZZ_DEMAND(strncmp(person->picture, "http", 4) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    json_t *claims = NULL;
    const char *why = NULL;
    authp_person_t person;
    if (size < 1 || size > 16384) {
        return 0;
    }
    const authp_id_token_rules_t rules = {.provider = &providers[(data[0] >> 2 & 3) % 3],
                                          .nonce = (data[0] & 1) != 0 ? NONCE : NULL,
                                          .from_a_phone = (data[0] & 2) != 0,
                                          .now = NOW};
    apr_pool_create(&pool, fuzz_pool());
    if (authp_json_parse((const char *)data + 1, size - 1, &claims, pool) == AUTHP_OK &&
        json_is_object(claims)) {
        authp_err_t err = authp_id_token_check(&rules, claims, &why);
        FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_TOKEN_INVALID);
        FUZZ_DEMAND((err == AUTHP_OK) == (why == NULL));
        if (err == AUTHP_OK) {
            check_claims(&rules, claims);
            err = authp_id_token_person(rules.provider, claims, &person, pool);
            FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_EMAIL_UNVERIFIED);
            if (err == AUTHP_OK) {
                check_person(rules.provider, claims, &person);
            }
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
