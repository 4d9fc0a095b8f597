/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/device.h"
#include "base/b64url.h"

#include <string.h>

#define TIME_LEN 8
#define HEAD_LEN (AUTHP_DEVICE_ID_LEN + TIME_LEN)
#define MOST_LEN (HEAD_LEN + AUTHP_DEVICE_USERS * AUTHP_ID_BYTES + AUTHP_SHA256_LEN)
#define LIFE_MS (INT64_C(86400000) * AUTHP_DEVICE_DAYS)
/* The clock of another host may be ahead by this much. */
#define AHEAD_MS INT64_C(300000)

/* The bytes of the cookie: id, time of issue and users, followed by the tag over these. */
typedef struct form_t {
    unsigned char bytes[MOST_LEN];
    size_t len; /* length without the tag */
} form_t;

static void put_time(unsigned char *out, authp_ms_t at)
{
    for (size_t i = 0; i < TIME_LEN; i++) {
        out[i] = (unsigned char)((uint64_t)at >> (56 - 8 * i) & 0xFFu);
    }
}

static authp_ms_t get_time(const unsigned char *bytes)
{
    uint64_t at = 0;
    for (size_t i = 0; i < TIME_LEN; i++) {
        at = at << 8 | bytes[i];
    }
    return at <= INT64_MAX ? (authp_ms_t)at : INT64_MAX;
}

static authp_err_t decode(const char *text, form_t *out)
{
    size_t len = strnlen(text, AUTHP_B64URL_ENCODED(MOST_LEN) + 1);
    size_t whole = AUTHP_B64URL_DECODED(len);
    if (len > AUTHP_B64URL_ENCODED(MOST_LEN) || whole <= HEAD_LEN + AUTHP_SHA256_LEN ||
        (whole - HEAD_LEN - AUTHP_SHA256_LEN) % AUTHP_ID_BYTES != 0) {
        return AUTHP_E_MALFORMED;
    }
    out->len = whole - AUTHP_SHA256_LEN;
    return authp_b64url_decode(text, len, out->bytes);
}

authp_err_t authp_device_read(const authp_realm_t *realm, const char *text, authp_device_t *out)
{
    form_t form;
    authp_err_t err = decode(text, &form);
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_bytes_t part = {form.bytes, form.len};
    err = authp_keys_check(realm->keys, AUTHP_KEY_DEVICE, &part, 1, form.bytes + form.len);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_ms_t now = authp_clock_now(realm->clock);
    authp_ms_t made = get_time(form.bytes + AUTHP_DEVICE_ID_LEN);
    if (made > now + AHEAD_MS || made + LIFE_MS < now) {
        return AUTHP_E_MALFORMED;
    }
    authp_device_t device = {.nusers = 0};
    memcpy(device.id, form.bytes, sizeof(device.id));
    for (size_t at = HEAD_LEN; at < form.len; at += AUTHP_ID_BYTES) {
        device.users[device.nusers++] = authp_id_unpack(form.bytes + at);
    }
    *out = device;
    return AUTHP_OK;
}

static void put_user(form_t *form, const char *user_id)
{
    authp_id_pack(user_id, form->bytes + form->len);
    form->len += AUTHP_ID_BYTES;
}

authp_err_t authp_device_make(const authp_realm_t *realm, const authp_device_t *before,
                              const char *user_id, const char **out, apr_pool_t *pool)
{
    form_t form = {.len = HEAD_LEN};
    if (before != NULL) {
        memcpy(form.bytes, before->id, sizeof(before->id));
    } else {
        authp_random_fill(realm->random, form.bytes, AUTHP_DEVICE_ID_LEN);
    }
    put_time(form.bytes + AUTHP_DEVICE_ID_LEN, authp_clock_now(realm->clock));
    put_user(&form, user_id);
    int others = AUTHP_DEVICE_USERS - 1;
    for (int i = 0; before != NULL && i < before->nusers && others > 0; i++) {
        if (strcmp(before->users[i].hex, user_id) != 0) {
            put_user(&form, before->users[i].hex);
            others--;
        }
    }
    const authp_bytes_t part = {form.bytes, form.len};
    authp_err_t err =
        authp_keys_tag(realm->keys, AUTHP_KEY_DEVICE, &part, 1, form.bytes + form.len);
    if (err == AUTHP_OK) {
        *out = authp_b64url_encode(form.bytes, form.len + AUTHP_SHA256_LEN, pool);
    }
    return err;
}

bool authp_device_knows(const authp_device_t *device, const char *user_id)
{
    for (int i = 0; device != NULL && i < device->nusers; i++) {
        if (strcmp(device->users[i].hex, user_id) == 0) {
            return true;
        }
    }
    return false;
}
