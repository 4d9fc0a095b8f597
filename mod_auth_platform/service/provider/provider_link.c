/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_link.h"

#include "base/json.h"
#include "crypto/digest.h"
#include "service/account/account_mail.h"
#include "service/account/user_change.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

#define TICKET "link ticket"
#define CODE "link code"

/* Seals a JSON object, to which the time of its end is added. */
static authp_err_t seal(const authp_realm_t *realm, const char *purpose, json_t *json,
                        const char **out, apr_pool_t *pool)
{
    size_t len = 0;
    authp_json_set_int(json, "until", authp_realm_now(realm) + AUTHP_PROVIDER_LINK_SECONDS * 1000);
    const char *text = authp_json_text(json, &len, pool);
    return authp_seal_close(realm->seal, purpose, (authp_bytes_t){text, len}, realm->random, out,
                            pool);
}

/* Opens what seal() made. AUTHP_E_OAUTH_STATE_INVALID: seal() has not made `text`, or its time is
 * over. */
static authp_err_t unseal(const authp_realm_t *realm, const char *purpose, const char *text,
                          json_t **out, apr_pool_t *pool)
{
    authp_bytes_t plain;
    json_t *json = NULL;
    authp_err_t err = authp_seal_open(realm->seal, purpose, text, strlen(text), &plain, pool);
    if (err == AUTHP_OK) {
        err = authp_json_parse(plain.data, plain.len, &json, pool);
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_MALFORMED ? AUTHP_E_OAUTH_STATE_INVALID : err;
    }
    if (json_integer_value(json_object_get(json, "until")) <= authp_realm_now(realm)) {
        return AUTHP_E_OAUTH_STATE_INVALID;
    }
    *out = json;
    return AUTHP_OK;
}

/* AUTHP_E_OAUTH_STATE_INVALID: `text` was used before. */
static authp_err_t use_up(const authp_realm_t *realm, const char *text, const json_t *json,
                          apr_pool_t *pool)
{
    const char *hash = NULL;
    authp_err_t err = authp_digest_sha256_hex(text, strlen(text), &hash, pool);
    if (err == AUTHP_OK) {
        err = authp_store_used_token_add(realm->store, hash,
                                         json_integer_value(json_object_get(json, "until")), pool);
    }
    return err == AUTHP_E_CONFLICT ? AUTHP_E_OAUTH_STATE_INVALID : err;
}

static authp_err_t check_recent(const authp_realm_t *realm, const authp_self_t *self)
{
    return authp_own_is_recent(realm, self) ? AUTHP_OK : AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION;
}

authp_err_t authp_provider_link_ticket(const authp_realm_t *realm, const authp_self_t *self,
                                       const char *provider, const char *return_to,
                                       const char **out, apr_pool_t *pool)
{
    json_t *json = authp_json_object(pool);
    authp_err_t err = check_recent(realm, self);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_json_set_str(json, "session", self->session->id.hex);
    authp_json_set_str(json, "provider", provider);
    authp_json_set_str(json, "return_to", return_to);
    return seal(realm, TICKET, json, out, pool);
}

authp_err_t authp_provider_link_begin(const authp_realm_t *realm, const char *ticket,
                                      const char *provider, const char **session,
                                      const char **return_to, apr_pool_t *pool)
{
    json_t *json = NULL;
    authp_err_t err = unseal(realm, TICKET, ticket, &json, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (strcmp(authp_json_get_str(json, "provider"), provider) != 0) {
        return AUTHP_E_OAUTH_STATE_INVALID;
    }
    err = use_up(realm, ticket, json, pool);
    if (err == AUTHP_OK) {
        *session = authp_json_get_str(json, "session");
        *return_to = authp_json_get_str(json, "return_to");
    }
    return err;
}

/* The texts of a person, by their names in the code. */
static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"provider", offsetof(authp_person_t, provider)}, {"issuer", offsetof(authp_person_t, issuer)},
    {"sub", offsetof(authp_person_t, sub)},           {"email", offsetof(authp_person_t, email)},
    {"picture", offsetof(authp_person_t, picture)},
};
#define TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

authp_err_t authp_provider_link_code(const authp_realm_t *realm, const char *session,
                                     const authp_person_t *person, const char **out,
                                     apr_pool_t *pool)
{
    json_t *json = authp_json_object(pool);
    for (int i = 0; i < TEXTS; i++) {
        authp_json_set_str(json, texts[i].key,
                           *(const char *const *)((const char *)person + texts[i].offset));
    }
    authp_json_set_str(json, "session", session);
    return seal(realm, CODE, json, out, pool);
}

typedef struct linking_t {
    const authp_realm_t *realm;
    authp_person_t person;
    bool changed;
} linking_t;

/* AUTHP_E_IDENTITY_CONFLICT if the identity is another account's. */
static authp_err_t check_owner(const linking_t *linking, const authp_user_t *user, apr_pool_t *pool)
{
    authp_user_t *owner = NULL;
    authp_err_t err = authp_store_user_by_identity(linking->realm->store, linking->person.issuer,
                                                   linking->person.sub, &owner, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
    }
    return strcmp(owner->id.hex, user->id.hex) == 0 ? AUTHP_OK : AUTHP_E_IDENTITY_CONFLICT;
}

static authp_err_t edit_link(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    linking_t *linking = ctx;
    const authp_person_t *person = &linking->person;
    linking->changed = false;
    if (authp_identities_find(user->identities, person->issuer, person->sub) != NULL) {
        return AUTHP_OK;
    }
    if (authp_identities_of(user->identities, person->provider) != NULL) {
        return AUTHP_E_IDENTITY_CONFLICT;
    }
    authp_err_t err = check_owner(linking, user, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (user->identities == NULL) {
        user->identities = apr_array_make(pool, 1, sizeof(authp_identity_t));
    }
    APR_ARRAY_PUSH(user->identities, authp_identity_t) =
        (authp_identity_t){.provider = person->provider,
                           .issuer = person->issuer,
                           .sub = person->sub,
                           .email = person->email,
                           .picture = person->picture,
                           .linked_at = authp_realm_now(linking->realm)};
    linking->changed = true;
    return AUTHP_OK;
}

static void audit(const authp_realm_t *realm, const authp_actor_t *actor, const char *name,
                  const char *user_id, const char *provider, apr_pool_t *pool)
{
    const authp_event_t event = {.event = name,
                                 .outcome = "ok",
                                 .reason = provider,
                                 .actor_id = actor->id,
                                 .subject_id = user_id};
    authp_audit_write(realm, &event, actor->client, pool);
}

authp_err_t authp_provider_link_finish(const authp_realm_t *realm, const authp_self_t *self,
                                       const char *code, authp_user_t **out, apr_pool_t *pool)
{
    json_t *json = NULL;
    authp_err_t err = check_recent(realm, self);
    if (err == AUTHP_OK) {
        err = unseal(realm, CODE, code, &json, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (strcmp(authp_json_get_str(json, "session"), self->session->id.hex) != 0) {
        return AUTHP_E_OAUTH_STATE_INVALID;
    }
    err = use_up(realm, code, json, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    linking_t linking = {.realm = realm};
    for (int i = 0; i < TEXTS; i++) {
        *(const char **)((char *)&linking.person + texts[i].offset) =
            authp_json_get_str(json, texts[i].key);
    }
    authp_user_edit_t edit = {.fn = edit_link, .ctx = &linking};
    err = authp_user_change(realm, self->user->id.hex, &edit, out, pool);
    if (err == AUTHP_OK && linking.changed) {
        const authp_actor_t actor = {.id = self->user->id.hex, .client = self->client};
        audit(realm, &actor, "identity_link", actor.id, linking.person.provider, pool);
        authp_account_mail_notice(realm, AUTHP_MAIL_IDENTITY_LINKED, *out, self->client, pool);
    }
    return err;
}

typedef struct removing_t {
    const authp_realm_t *realm;
    const char *provider;
    bool last_too;
} removing_t;

/* True if somebody can sign in with one of the identities now: its provider is configured. */
static bool opens(const authp_settings_t *settings, const apr_array_header_t *identities)
{
    const apr_array_header_t *providers = settings->providers;
    for (int i = 0; i < providers->nelts; i++) {
        const authp_provider_t *provider = APR_ARRAY_IDX(providers, i, const authp_provider_t *);
        if (authp_identities_issued(identities, provider->issuer) != NULL) {
            return true;
        }
    }
    return false;
}

bool authp_provider_link_has_way_in(const authp_settings_t *settings, const authp_user_t *user)
{
    bool password = user->password_hash != NULL && (user->email != NULL || user->username != NULL);
    return password || user->phone != NULL || opens(settings, user->identities);
}

static authp_err_t edit_remove(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const removing_t *removing = ctx;
    apr_array_header_t *rest = apr_array_make(pool, 2, sizeof(authp_identity_t));
    int count = authp_identities_count(user->identities);
    for (int i = 0; i < count; i++) {
        const authp_identity_t *identity = authp_identities_at(user->identities, i);
        if (strcmp(identity->provider, removing->provider) != 0) {
            APR_ARRAY_PUSH(rest, authp_identity_t) = *identity;
        }
    }
    if (rest->nelts == count) {
        return AUTHP_E_NOT_FOUND;
    }
    user->identities = rest->nelts > 0 ? rest : NULL;
    return removing->last_too || authp_provider_link_has_way_in(removing->realm->settings, user)
               ? AUTHP_OK
               : AUTHP_E_LAST_CREDENTIAL;
}

static authp_err_t remove_one(const authp_realm_t *realm, const authp_actor_t *actor,
                              const char *user_id, removing_t *removing, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_user_edit_t edit = {.fn = edit_remove, .ctx = removing};
    authp_err_t err = authp_user_change(realm, user_id, &edit, &user, pool);
    if (err == AUTHP_OK) {
        audit(realm, actor, "identity_unlink", user_id, removing->provider, pool);
    }
    return err;
}

authp_err_t authp_provider_link_remove(const authp_realm_t *realm, const authp_self_t *self,
                                       const char *provider, apr_pool_t *pool)
{
    const authp_actor_t actor = {.id = self->user->id.hex, .client = self->client};
    removing_t removing = {.realm = realm, .provider = provider};
    authp_err_t err = check_recent(realm, self);
    return err == AUTHP_OK ? remove_one(realm, &actor, actor.id, &removing, pool) : err;
}

authp_err_t authp_provider_link_remove_of(const authp_realm_t *realm, const authp_actor_t *actor,
                                          const char *user_id, const char *provider,
                                          apr_pool_t *pool)
{
    removing_t removing = {.realm = realm, .provider = provider, .last_too = true};
    return remove_one(realm, actor, user_id, &removing, pool);
}
