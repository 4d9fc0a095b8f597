/* SPDX-License-Identifier: Apache-2.0 */
#include "person_fixture.h"

#include <check.h>

#include "service/invite/invite.h"

const authp_person_t person_fixture_ada = {.provider = "google",
                                           .issuer = PERSON_ISSUER,
                                           .sub = PERSON_SUB,
                                           .email = PERSON_EMAIL,
                                           .vouched = true,
                                           .name = "Ada L.",
                                           .picture = "https://img.example/a.png"};

void person_fixture_put(fixture_t *f, authp_user_t *row, const char *provider, const char *issuer,
                        const char *sub)
{
    if (row->identities == NULL) {
        row->identities = apr_array_make(f->pool, 2, sizeof(authp_identity_t));
    }
    APR_ARRAY_PUSH(row->identities, authp_identity_t) =
        (authp_identity_t){.provider = provider, .issuer = issuer, .sub = sub, .linked_at = 1};
}

void person_fixture_invite(fixture_t *f)
{
    static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = PERSON_EMAIL, .hours = 1};
    authp_invite_t *made = NULL;
    const char *code = NULL;
    ck_assert_int_eq(authp_invite_make(f->realm, &boss, &wanted, &made, &code, f->pool), AUTHP_OK);
}

void person_fixture_claim(fixture_t *f)
{
    authp_invite_t *open = NULL;
    ck_assert_int_eq(
        authp_store_invite_live_of(f->store, PERSON_EMAIL, NULL, f->clock.now, &open, f->pool),
        AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_claim(f->store, open->id.hex, "65f0c0ffee00000000000009", 1,
                                              f->clock.now, f->pool),
                     AUTHP_OK);
}
