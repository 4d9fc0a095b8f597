/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_ADDRESS_FIXTURE_H
#define AUTHP_TEST_ADDRESS_FIXTURE_H

#include "mail_fixture.h"

#define ADDRESS_FIXTURE_EMAIL "ada@example.org"

/* Ada, who is signed in and whose address is not proven, on a server that sends mails. */
typedef struct address_fixture_t {
    fixture_t *f;
    authp_user_t *row; /* Ada's account in the store */
    authp_session_t *session;
} address_fixture_t;

/* Opens `f` and makes Ada in it. fixture_close(f) closes it. */
void address_fixture_open(address_fixture_t *ada, fixture_t *f);
/* Reads Ada's account. */
authp_user_t *address_fixture_now(const address_fixture_t *ada);
/* A second later Ada asks for the proof of her address. */
authp_err_t address_fixture_prove(const address_fixture_t *ada, bool *sent);
/* A second later Ada asks for the address `email`. `password` may be NULL. */
authp_err_t address_fixture_ask(const address_fixture_t *ada, const char *email,
                                const char *password);

#endif
