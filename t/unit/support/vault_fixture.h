/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_VAULT_FIXTURE_H
#define AUTHP_TEST_VAULT_FIXTURE_H

#include "fixture.h"
#include "service/vault/vault.h"

#define VAULT_OLD FIXTURE_SECRET
#define VAULT_NEW "other-key-other-key-other-key-other-key"
#define VAULT_THIRD "third-key-third-key-third-key-third-key"
#define VAULT_PURPOSE "mail"
#define VAULT_ROW "665f1c2e9b1d4a0012345678"

/* A host: a realm on the store of vault_fixture.f, with keys and a vault of its own. */
typedef struct vault_host_t {
    authp_settings_t settings;
    authp_realm_t realm;
    apr_pool_t *pool;
} vault_host_t;

typedef struct vault_fixture_t {
    fixture_t f;
    fake_clock_t monotonic; /* of the vaults */
    int rewrapped;          /* number of log lines that a key was wrapped again */
    int lost;               /* number of log lines that keys are lost */
    const char *line;       /* the latest of those */
} vault_fixture_t;

extern vault_fixture_t vault_fixture;

void vault_fixture_open(void);
void vault_fixture_close(void);
/* A process that has just started with these values of JWT_SECRET_KEY and, unless it is NULL,
 * JWT_SECRET_KEY_PREVIOUS. */
vault_host_t *vault_fixture_host(const char *present, const char *previous);
/* Seal and open for VAULT_PURPOSE and VAULT_ROW. The functions without a result must succeed. */
AUTHP_CHECKED authp_err_t vault_fixture_try_close(vault_host_t *host, const char *data,
                                                  const char **text);
const char *vault_fixture_closed(vault_host_t *host, const char *data);
AUTHP_CHECKED authp_err_t vault_fixture_try_open(vault_host_t *host, const char *text);
void vault_fixture_opens(vault_host_t *host, const char *text, const char *data);
/* authp_vault_load(), which must succeed, and authp_vault_why(). */
void vault_fixture_load(vault_host_t *host);
const char *vault_fixture_why(vault_host_t *host);
/* The rows of data keys (authp_data_key_t *), the newest first, and one of them. */
apr_array_header_t *vault_fixture_rows(void);
authp_data_key_t *vault_fixture_row(int i);
void vault_fixture_remove_all(void);
/* Checks that the text was sealed under the key of that row. */
void vault_fixture_under(const char *text, const authp_data_key_t *row);
/* Checks what the store was asked since the previous call. */
void vault_fixture_asked(const char *calls);

#endif
