/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/id_token.h"

#include "base/json.h"
#include "base/text.h"
#include "service/account/account_rules.h"
#include "service/provider/discovery.h"

#include <apr_strings.h>
#include <string.h>

#define SUB_MOST 255
#define PICTURE_MOST 1024

static bool is_text(const char *text, size_t most)
{
    size_t len = text != NULL ? strlen(text) : 0;
    return len > 0 && len <= most && authp_text_utf8(text, len, NULL) &&
           !authp_text_has_control(text, len);
}

static bool is_ours(const authp_id_token_rules_t *rules, const char *client)
{
    return client != NULL &&
           (strcmp(client, rules->provider->client_id) == 0 ||
            (rules->from_a_phone && authp_text_listed(client, rules->provider->audiences)));
}

static bool good_issuer(const authp_id_token_rules_t *rules, const json_t *claims)
{
    return authp_discovery_is_issuer(rules->provider, authp_json_get_str(claims, "iss"));
}

static bool good_audience(const authp_id_token_rules_t *rules, const json_t *claims)
{
    const json_t *list = json_object_get(claims, "aud");
    size_t index = 0;
    json_t *each = NULL;
    if (!json_is_array(list)) {
        return is_ours(rules, authp_json_get_str(claims, "aud"));
    }
    json_array_foreach(list, index, each)
    {
        if (is_ours(rules, authp_json_str(each))) {
            return true;
        }
    }
    return false;
}

/* A token for several audiences says which of them asked for it. Tokens of Google for phones name
 * another client there, and have one audience. */
static bool good_party(const authp_id_token_rules_t *rules, const json_t *claims)
{
    return !json_is_array(json_object_get(claims, "aud")) ||
           is_ours(rules, authp_json_get_str(claims, "azp"));
}

static bool good_expiry(const authp_id_token_rules_t *rules, const json_t *claims)
{
    const json_t *exp = json_object_get(claims, "exp");
    return json_is_integer(exp) && json_integer_value(exp) > rules->now - AUTHP_ID_TOKEN_LEEWAY;
}

static bool good_issue(const authp_id_token_rules_t *rules, const json_t *claims)
{
    const json_t *iat = json_object_get(claims, "iat");
    return json_is_integer(iat) && json_integer_value(iat) <= rules->now + AUTHP_ID_TOKEN_LEEWAY;
}

static bool good_nonce(const authp_id_token_rules_t *rules, const json_t *claims)
{
    const char *nonce = authp_json_get_str(claims, "nonce");
    if (rules->nonce == NULL) {
        return json_object_get(claims, "nonce") == NULL;
    }
    return nonce != NULL && strcmp(nonce, rules->nonce) == 0;
}

static bool good_subject(const authp_id_token_rules_t *rules, const json_t *claims)
{
    (void)rules;
    return is_text(authp_json_get_str(claims, "sub"), SUB_MOST);
}

authp_err_t authp_id_token_check(const authp_id_token_rules_t *rules, const json_t *claims,
                                 const char **why)
{
    static const struct {
        const char *name;
        bool (*good)(const authp_id_token_rules_t *, const json_t *);
    } checks[] = {{"iss", good_issuer}, {"aud", good_audience}, {"azp", good_party},
                  {"exp", good_expiry}, {"iat", good_issue},    {"nonce", good_nonce},
                  {"sub", good_subject}};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (!checks[i].good(rules, claims)) {
            *why = checks[i].name;
            return AUTHP_E_TOKEN_INVALID;
        }
    }
    return AUTHP_OK;
}

int64_t authp_id_token_expiry(const json_t *claims)
{
    return json_integer_value(json_object_get(claims, "exp"));
}

/* Microsoft lets administrators of a tenant write any address. xms_edov says whether the owner of
 * the domain is known; it comes as a boolean, a number or a text. */
static bool is_verified(const authp_provider_t *provider, const json_t *claims)
{
    if (provider->kind != AUTHP_PROVIDER_MICROSOFT) {
        return json_is_true(json_object_get(claims, "email_verified"));
    }
    const json_t *edov = json_object_get(claims, "xms_edov");
    const char *text = authp_json_get_str(claims, "xms_edov");
    return json_is_true(edov) || json_integer_value(edov) == 1 ||
           (text != NULL && (strcmp(text, "1") == 0 || authp_text_same(text, "true")));
}

static bool vouches(const authp_provider_t *provider, const char *email)
{
    return provider->google || authp_text_listed(strrchr(email, '@') + 1, provider->email_domains);
}

authp_err_t authp_id_token_describe(const authp_provider_t *provider, const char *email,
                                    const char *name, const char *picture, authp_person_t *person,
                                    apr_pool_t *pool)
{
    if (email == NULL || authp_account_rules_check_email(email, strlen(email)) != NULL) {
        return AUTHP_E_EMAIL_UNVERIFIED;
    }
    person->provider = provider->name;
    person->issuer = provider->issuer;
    person->email = authp_account_rules_normal_email(email, pool);
    person->vouched = vouches(provider, person->email);
    person->name = name != NULL && name[0] != '\0' &&
                           authp_account_rules_check_name(name, strlen(name)) == NULL
                       ? name
                       : NULL;
    person->picture = is_text(picture, PICTURE_MOST) && (strncmp(picture, "https://", 8) == 0 ||
                                                         strncmp(picture, "http://", 7) == 0)
                          ? picture
                          : NULL;
    return AUTHP_OK;
}

authp_err_t authp_id_token_person(const authp_provider_t *provider, const json_t *claims,
                                  authp_person_t *out, apr_pool_t *pool)
{
    authp_person_t person = {.sub = authp_json_get_str(claims, "sub")};
    if (!is_verified(provider, claims)) {
        return AUTHP_E_EMAIL_UNVERIFIED;
    }
    authp_err_t err = authp_id_token_describe(provider, authp_json_get_str(claims, "email"),
                                              authp_json_get_str(claims, "name"),
                                              authp_json_get_str(claims, "picture"), &person, pool);
    if (err == AUTHP_OK) {
        *out = person;
    }
    return err;
}
