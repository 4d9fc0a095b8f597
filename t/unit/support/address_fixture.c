/* SPDX-License-Identifier: Apache-2.0 */
#include "address_fixture.h"
#include "mem_store.h"
#include "service/account/own.h"
#include "service/address/address_change.h"
#include "service/address/address_proof.h"

#include <check.h>

void address_fixture_open(address_fixture_t *ada, fixture_t *f)
{
    fixture_open(f);
    mail_fixture_on(f);
    ada->f = f;
    ada->row = mail_fixture_user(f, ADDRESS_FIXTURE_EMAIL, "candidate");
    ada->session = fixture_start(f, ada->row).session;
    (void)mem_store_calls(f->store, f->pool);
}

authp_user_t *address_fixture_now(const address_fixture_t *ada)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_user_by_id(ada->f->store, ada->row->id.hex, &user, ada->f->pool),
                     AUTHP_OK);
    return user;
}

authp_err_t address_fixture_prove(const address_fixture_t *ada, bool *sent)
{
    ada->f->clock.now += 1000;
    return authp_address_proof_send(ada->f->realm, address_fixture_now(ada), &fixture_client, sent,
                                    ada->f->pool);
}

authp_err_t address_fixture_ask(const address_fixture_t *ada, const char *email,
                                const char *password)
{
    ada->f->clock.now += 1000;
    const authp_self_t self = {.user = address_fixture_now(ada),
                               .session = ada->session,
                               .client = &fixture_client,
                               .auth_time = ada->session->auth_time / 1000};
    return authp_address_change_ask(ada->f->realm, &self, email, password, ada->f->pool);
}
