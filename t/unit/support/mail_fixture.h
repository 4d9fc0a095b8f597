/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MAIL_FIXTURE_H
#define AUTHP_TEST_MAIL_FIXTURE_H

#include "fixture.h"
#include "service/mail/outbox.h"

/* Turns mail on: MAIL_URL is set, and the realm has a vault with a data key. */
void mail_fixture_on(fixture_t *f);

/* As fixture_user(), without the mail that a new account gets. Returns the row in the store. */
authp_user_t *mail_fixture_user(fixture_t *f, const char *email, const char *role);

/* A mail of the outbox with what is sealed in it. */
typedef struct mail_fixture_t {
    const authp_mail_row_t *row;
    authp_letter_t letter;
} mail_fixture_t;

/* Returns how many mails have been written, decoys among them. */
int mail_fixture_count(const fixture_t *f);
/* Returns the mail that was written as number `index` (0 = the first; -1 = the last). */
mail_fixture_t mail_fixture_at(const fixture_t *f, int index);
/* Returns the kinds of the mails that were written, in order, such as "verify_email invite". A
 * decoy is "(verify_email)". */
const char *mail_fixture_kinds(const fixture_t *f);
/* Returns the token of the last mail, which must be of `kind` and no decoy. */
const char *mail_fixture_token(const fixture_t *f, const char *kind);

#endif
