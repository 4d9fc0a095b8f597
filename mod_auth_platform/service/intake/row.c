/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/row.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/password/foreign.h"
#include "service/account/account_rules.h"
#include "service/phone/phone.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

#define DEFAULT_ROLE "candidate"
#define ODD_USERNAME "does not have 3 to 150 letters, digits, _ . and -"
#define SUB_MOST 255
#define DAY_MS 86400000LL

static const char *put_email(authp_draft_t *draft, authp_user_t *user, apr_pool_t *pool)
{
    if (draft->email == NULL) {
        return NULL;
    }
    if (authp_account_rules_check_email(draft->email, strlen(draft->email)) != NULL) {
        return "this is not a valid e-mail address";
    }
    user->email = authp_account_rules_normal_email(draft->email, pool);
    return NULL;
}

/* A text that may be stored: UTF-8 of at most `most` bytes without control characters. */
static bool is_clean(const char *text, size_t most)
{
    size_t len = strlen(text);
    return len > 0 && len <= most && authp_text_utf8(text, len, NULL) &&
           !authp_text_has_control(text, len);
}

static void put_name(authp_draft_t *draft, authp_user_t *user, apr_pool_t *pool)
{
    const char *name = draft->name != NULL ? authp_text_trim(draft->name, pool) : "";
    if (*name != '\0' && authp_account_rules_check_name(name, strlen(name)) != NULL) {
        authp_draft_note(draft, "the name is too long or has control characters: left out");
    } else if (*name != '\0') {
        user->name = name;
    }
}

/* Keycloak may use the address as username, which then is left out without a note. */
static void put_username(authp_draft_t *draft, authp_user_t *user, apr_pool_t *pool)
{
    const char *username = draft->username;
    if (username == NULL || authp_text_same(username, user->email)) {
        return;
    }
    if (authp_account_rules_check_username(username, strlen(username)) == NULL) {
        user->username = authp_account_rules_normal_username(username, pool);
    } else {
        authp_draft_note(draft, "the username " ODD_USERNAME ": left out");
    }
}

/* A number of a country that PHONE_COUNTRIES lacks is taken over, too: it can sign in by its
 * password, and by codes once the country is there. */
static void put_phone(const authp_settings_t *settings, authp_draft_t *draft, authp_user_t *user,
                      apr_pool_t *pool)
{
    if (draft->phone == NULL ||
        authp_phone_parse(settings, draft->phone, &user->phone, pool) == AUTHP_OK) {
        return;
    }
    if (authp_phone_is_e164(draft->phone)) {
        user->phone = draft->phone;
    } else {
        authp_draft_note(draft, "the phone number is not valid: left out");
    }
}

static bool is_role(const authp_settings_t *settings, const char *role)
{
    return authp_text_listed(role, settings->roles);
}

/* A recruiter of the other system is one here, too: only its administrators give roles. */
static void put_roles(const authp_settings_t *settings, authp_draft_t *draft, authp_user_t *user,
                      apr_pool_t *pool)
{
    user->roles = apr_array_make(pool, draft->roles->nelts + 1, sizeof(const char *));
    for (int i = 0; i < draft->roles->nelts; i++) {
        const char *role = APR_ARRAY_IDX(draft->roles, i, const char *);
        if (is_role(settings, role)) {
            APR_ARRAY_PUSH(user->roles, const char *) = role;
        } else {
            authp_draft_note(
                draft, apr_psprintf(pool, "the role \"%.64s\" is not in ROLES: left out", role));
        }
    }
    if (user->roles->nelts == 0 && is_role(settings, DEFAULT_ROLE)) {
        APR_ARRAY_PUSH(user->roles, const char *) = DEFAULT_ROLE;
    }
    user->is_recruiter_verified = authp_text_listed("recruiter", user->roles);
}

static void put_hash(authp_draft_t *draft, authp_user_t *user, apr_pool_t *pool)
{
    const char *why = draft->hash_why;
    if (draft->hash != NULL) {
        why = authp_foreign_refusal(draft->hash, pool);
        user->password_hash = why == NULL ? draft->hash : NULL;
    }
    if (why != NULL) {
        authp_draft_note(draft, apr_psprintf(pool,
                                             "the password hash cannot be used (%s): imported "
                                             "without a password",
                                             why));
    }
}

/* The name that the settings have for an issuer, else the usual one. NULL if there is none. */
static const char *provider_name(const authp_settings_t *settings, const authp_identity_t *identity)
{
    for (int i = 0; settings->providers != NULL && i < settings->providers->nelts; i++) {
        const authp_provider_t *own =
            APR_ARRAY_IDX(settings->providers, i, const authp_provider_t *);
        if (strcmp(own->issuer, identity->issuer) == 0) {
            return own->name;
        }
    }
    static const char *const usual[] = {"google", "github"};
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (strcmp(identity->issuer, authp_draft_issuer(usual[i])) == 0) {
            return usual[i];
        }
    }
    const char *name = identity->provider;
    return name != NULL && authp_identities_is_name(name) ? name : NULL;
}

static void put_identity(const authp_settings_t *settings, const authp_identity_t *from,
                         authp_draft_t *draft, authp_user_t *user, apr_pool_t *pool)
{
    const char *name = provider_name(settings, from);
    bool clean = name != NULL && is_clean(from->issuer, SUB_MOST) && is_clean(from->sub, SUB_MOST);
    if (!clean || authp_identities_count(user->identities) == AUTHP_IDENTITIES_MOST ||
        authp_identities_of(user->identities, name) != NULL ||
        authp_identities_find(user->identities, from->issuer, from->sub) != NULL) {
        authp_draft_note(draft, "an identity at a provider is not taken over");
        return;
    }
    authp_identity_t *identity =
        authp_identities_place(&user->identities, name, from->issuer, from->sub, pool);
    identity->provider = name;
    identity->issuer = from->issuer;
    identity->sub = from->sub;
    identity->email = from->email != NULL && is_clean(from->email, SUB_MOST) ? from->email : NULL;
    identity->linked_at = user->created_at;
    identity->last_login = user->created_at;
}

static void put_times(const authp_intake_options_t *options, const authp_draft_t *draft,
                      authp_user_t *user)
{
    bool known = draft->created_at > 0 && draft->created_at <= options->now + DAY_MS;
    bool changed = draft->updated_at > 0 && draft->updated_at <= options->now;
    user->created_at = known ? draft->created_at : AUTHP_ROW_NO_TIME;
    user->updated_at =
        changed && draft->updated_at > user->created_at ? draft->updated_at : user->created_at;
    user->auth_changed_at = user->created_at;
    /* Without a time the number counts as used now: to take it for idle would ask everybody who
     * moves for a password. */
    bool used = draft->used_at > 0 && draft->used_at <= options->now;
    user->phone_used_at = user->phone == NULL ? 0 : used ? draft->used_at : options->now;
}

const char *authp_row_login(const authp_user_t *user)
{
    const char *login = user->email != NULL ? user->email : user->username;
    return login != NULL ? login : user->phone;
}

/* 4 bytes of seconds and 2 of milliseconds from created_at, and 6 of a digest. Without a time of
 * its own an account takes the milliseconds from the digest, too, so that more ids differ. */
static bool put_id(const authp_intake_options_t *options, const authp_draft_t *draft,
                   authp_user_t *user, apr_pool_t *pool)
{
    unsigned char digest[AUTHP_SHA256_LEN];
    unsigned char bytes[AUTHP_ID_BYTES];
    const char *own = authp_row_login(user);
    /* A line end is in none of the parts but the last. */
    const char *text = apr_pstrcat(pool, options->format, "\n", own, "\n",
                                   draft->source_id != NULL ? draft->source_id : "", NULL);
    if (authp_digest_sha256(text, strlen(text), digest) != AUTHP_OK) {
        return false;
    }
    int64_t seconds = user->created_at / 1000;
    int64_t ms = user->created_at == AUTHP_ROW_NO_TIME
                     ? ((int64_t)digest[6] << 8 | digest[7]) % 1000
                     : user->created_at % 1000;
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(seconds >> (8 * (3 - i)) & 0xff);
    }
    bytes[4] = (unsigned char)(ms >> 8);
    bytes[5] = (unsigned char)(ms & 0xff);
    memcpy(bytes + 6, digest, 6);
    user->id = authp_id_unpack(bytes);
    return true;
}

/* NULL: an account without an address has a username or a number by which it signs in. */
static const char *why_no_login(const authp_draft_t *draft, const authp_user_t *user)
{
    if (user->username != NULL || user->phone != NULL) {
        return NULL;
    }
    if (draft->username != NULL) {
        return "there is no e-mail address, and the username " ODD_USERNAME;
    }
    return draft->phone != NULL ? "there is no e-mail address, and the phone number is not valid"
                                : "there is no e-mail address, no username and no phone number";
}

const char *authp_row_make(const authp_intake_options_t *options, authp_draft_t *draft,
                           authp_user_t **out, apr_pool_t *pool)
{
    authp_user_t *user = apr_pcalloc(pool, sizeof(*user));
    const char *why = draft->left_out != NULL ? draft->left_out : put_email(draft, user, pool);
    if (why != NULL) {
        return why;
    }
    put_name(draft, user, pool);
    put_username(draft, user, pool);
    put_phone(options->settings, draft, user, pool);
    why = user->email == NULL ? why_no_login(draft, user) : NULL;
    if (why != NULL) {
        return why;
    }
    put_times(options, draft, user);
    put_roles(options->settings, draft, user, pool);
    put_hash(draft, user, pool);
    for (int i = 0; i < authp_identities_count(draft->identities); i++) {
        put_identity(options->settings, authp_identities_at(draft->identities, i), draft, user,
                     pool);
    }
    user->email_verified = draft->email_verified && user->email != NULL;
    user->disabled = draft->disabled;
    user->ver = 1;
    user->min_ver = 1;
    if (!put_id(options, draft, user, pool)) {
        return "no id could be made";
    }
    *out = user;
    return NULL;
}
