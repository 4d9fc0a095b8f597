/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_PERSON_FIXTURE_H
#define AUTHP_TEST_PERSON_FIXTURE_H

#include "fixture.h"
#include "service/provider/person.h"

/* Ada as Google describes her, and functions that put rows into the store before she signs in. */
#define PERSON_EMAIL "ada@example.org"
#define PERSON_ISSUER "https://accounts.google.com"
#define PERSON_SUB "1001"
extern const authp_person_t person_fixture_ada;

/* Adds an identity to the stored row of an account. */
void person_fixture_put(fixture_t *f, authp_user_t *row, const char *provider, const char *issuer,
                        const char *sub);
/* Makes an invite for her address. */
void person_fixture_invite(fixture_t *f);
/* Lets another account take that invite. */
void person_fixture_claim(fixture_t *f);

#endif
