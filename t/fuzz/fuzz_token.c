/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that this server issues and reads again. The first byte of the input chooses: 'R' is a
 * refresh token, 'D' a device cookie, 'S' the bytes of a device cookie with a good signature. */
#include "base/b64url.h"
#include "fuzz.h"
#include "service/account/device.h"
#include "service/session/refresh_token.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1700000000000)

static authp_keys_t *keys;
static authp_realm_t realm;

static authp_ms_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOW_MS;
}

static const authp_clock_t fixed_clock = {.now = fixed_now};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char key[] = "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL";
    apr_pool_t *global = fuzz_pool();
    (void)argc;
    (void)argv;
    FUZZ_DEMAND(authp_keys_make(authp_secret_make(key, sizeof(key) - 1, global), NULL, &keys,
                                global) == AUTHP_OK);
    realm.keys = keys;
    realm.clock = &fixed_clock;
    realm.random = authp_random_system();
    return 0;
}

static void try_refresh(const char *text, apr_pool_t *pool)
{
    authp_refresh_token_t token;
    authp_session_t session;
    memset(&session, 0, sizeof(session));
    if (authp_refresh_token_parse(text, &token) != AUTHP_OK) {
        return;
    }
    FUZZ_DEMAND(strlen(text) == AUTHP_REFRESH_TOKEN_LEN && token.generation >= 0);
    session.id = token.sid;
    /* No token that was made without the key may have a valid tag. */
    FUZZ_DEMAND(authp_refresh_token_check(keys, &token, &session) == AUTHP_E_REFRESH_INVALID);
    (void)pool;
}

static void check_device(const authp_device_t *device)
{
    FUZZ_DEMAND(device->nusers >= 1 && device->nusers <= AUTHP_DEVICE_USERS);
    for (int i = 0; i < device->nusers; i++) {
        FUZZ_DEMAND(authp_id_valid(device->users[i].hex));
        FUZZ_DEMAND(authp_device_knows(device, device->users[i].hex));
    }
}

static void try_signed(const unsigned char *bytes, size_t len, apr_pool_t *pool)
{
    unsigned char whole[512];
    authp_device_t device;
    if (len + AUTHP_SHA256_LEN > sizeof(whole)) {
        return;
    }
    memcpy(whole, bytes, len);
    const authp_bytes_t part = {whole, len};
    FUZZ_DEMAND(authp_keys_tag(keys, AUTHP_KEY_DEVICE, &part, 1, whole + len) == AUTHP_OK);
    const char *text = authp_b64url_encode(whole, len + AUTHP_SHA256_LEN, pool);
    if (authp_device_read(&realm, text, &device) != AUTHP_OK) {
        return;
    }
    check_device(&device);
    const char *again = NULL;
    authp_device_t same;
    FUZZ_DEMAND(authp_device_make(&realm, &device, device.users[0].hex, &again, pool) == AUTHP_OK);
    FUZZ_DEMAND(authp_device_read(&realm, again, &same) == AUTHP_OK);
    FUZZ_DEMAND(memcmp(device.id, same.id, sizeof(same.id)) == 0);
    FUZZ_DEMAND(strcmp(device.users[0].hex, same.users[0].hex) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    authp_device_t device;
    if (size < 1 || size > 4096) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    if (data[0] == 'R') {
        try_refresh(text, pool);
    } else if (data[0] == 'S') {
        try_signed(data + 1, size - 1, pool);
    } else {
        FUZZ_DEMAND(authp_device_read(&realm, text, &device) != AUTHP_OK);
    }
    apr_pool_destroy(pool);
    return 0;
}
