/* SPDX-License-Identifier: Apache-2.0 */
#include "store/identities.h"
#include "base/log.h"
#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

int authp_identities_count(const apr_array_header_t *list)
{
    return list != NULL ? list->nelts : 0;
}

authp_identity_t *authp_identities_at(const apr_array_header_t *list, int i)
{
    return &APR_ARRAY_IDX(list, i, authp_identity_t);
}

authp_identity_t *authp_identities_of(const apr_array_header_t *list, const char *provider)
{
    for (int i = 0; i < authp_identities_count(list); i++) {
        authp_identity_t *identity = authp_identities_at(list, i);
        if (strcmp(identity->provider, provider) == 0) {
            return identity;
        }
    }
    return NULL;
}

authp_identity_t *authp_identities_find(const apr_array_header_t *list, const char *issuer,
                                        const char *sub)
{
    for (int i = 0; i < authp_identities_count(list); i++) {
        authp_identity_t *identity = authp_identities_at(list, i);
        if (strcmp(identity->issuer, issuer) == 0 && strcmp(identity->sub, sub) == 0) {
            return identity;
        }
    }
    return NULL;
}

authp_identity_t *authp_identities_issued(const apr_array_header_t *list, const char *issuer)
{
    for (int i = 0; i < authp_identities_count(list); i++) {
        authp_identity_t *identity = authp_identities_at(list, i);
        if (strcmp(identity->issuer, issuer) == 0) {
            return identity;
        }
    }
    return NULL;
}

authp_identity_t *authp_identities_place(apr_array_header_t **list, const char *provider,
                                         const char *issuer, const char *sub, apr_pool_t *pool)
{
    authp_identity_t *own = authp_identities_find(*list, issuer, sub);
    authp_identity_t *named = authp_identities_of(*list, provider);
    if (own != NULL && named != NULL && own != named) {
        /* Names are unique in a list, so the entry under the old name goes. */
        *own = *(const authp_identity_t *)apr_array_pop(*list);
        return authp_identities_of(*list, provider);
    }
    if (own != NULL || named != NULL) {
        return own != NULL ? own : named;
    }
    if (*list == NULL) {
        *list = apr_array_make(pool, 1, sizeof(authp_identity_t));
    }
    return apr_array_push(*list);
}

static bool same_members(const authp_identity_t *a, const authp_identity_t *b)
{
    return authp_text_equal(a->issuer, b->issuer) && authp_text_equal(a->sub, b->sub) &&
           authp_text_equal(a->email, b->email) && authp_text_equal(a->picture, b->picture) &&
           a->linked_at == b->linked_at && a->last_login == b->last_login;
}

bool authp_identities_same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    bool same = authp_identities_count(a) == authp_identities_count(b);
    for (int i = 0; same && i < authp_identities_count(a); i++) {
        const authp_identity_t *one = authp_identities_at(a, i);
        const authp_identity_t *other = authp_identities_of(b, one->provider);
        same = other != NULL && same_members(one, other);
    }
    return same;
}

static const char *copy_text(const char *text, apr_pool_t *pool)
{
    return text != NULL ? apr_pstrdup(pool, text) : NULL;
}

apr_array_header_t *authp_identities_copy(const apr_array_header_t *list, apr_pool_t *pool)
{
    int count = authp_identities_count(list);
    apr_array_header_t *copy =
        count > 0 ? apr_array_make(pool, count, sizeof(authp_identity_t)) : NULL;
    for (int i = 0; i < count; i++) {
        const authp_identity_t *from = authp_identities_at(list, i);
        APR_ARRAY_PUSH(copy, authp_identity_t) =
            (authp_identity_t){.provider = copy_text(from->provider, pool),
                               .issuer = copy_text(from->issuer, pool),
                               .sub = copy_text(from->sub, pool),
                               .email = copy_text(from->email, pool),
                               .picture = copy_text(from->picture, pool),
                               .linked_at = from->linked_at,
                               .last_login = from->last_login};
    }
    return copy;
}

static bool is_text(const char *text)
{
    return *text != '\0' && authp_text_utf8(text, strlen(text), NULL);
}

static bool is_kept(const authp_identity_t *identity)
{
    return identity->issuer != NULL && is_text(identity->issuer) && identity->sub != NULL &&
           is_text(identity->sub) && (identity->email == NULL || is_text(identity->email)) &&
           (identity->picture == NULL || is_text(identity->picture));
}

/* In MongoDB the name is a part of the names of fields, so it has neither dots nor dollar signs. */
bool authp_identities_is_name(const char *name)
{
    bool fits = name != NULL && *name != '\0' && strlen(name) <= AUTHP_IDENTITY_NAME_LEN;
    for (const char *c = name; fits && *c != '\0'; c++) {
        fits = apr_isalnum(*c) || *c == '_' || *c == '-';
    }
    return fits;
}

authp_err_t authp_identities_check(const apr_array_header_t *list)
{
    for (int i = 0; i < authp_identities_count(list); i++) {
        const authp_identity_t *identity = authp_identities_at(list, i);
        if (!authp_identities_is_name(identity->provider) || !is_kept(identity) ||
            authp_identities_of(list, identity->provider) != identity) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0213",
                      "store: an identity cannot be kept: a text is empty or not UTF-8, or the "
                      "provider's name is none or stands twice");
            return AUTHP_E_INTERNAL;
        }
    }
    return AUTHP_OK;
}
