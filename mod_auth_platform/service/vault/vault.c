/* SPDX-License-Identifier: Apache-2.0 */
#include "service/vault/vault.h"

#include "base/log.h"
#include "service/vault/wrapping.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>

/* If the label changes, nothing that was sealed before can be opened. */
#define DATA_LABEL "authp data"
/* How many lost keys a log line and /readyz name. */
#define NAMED_MOST 3
/* The time from a load to the next one. Another host may have made a key meanwhile, or have wrapped
 * one by a JWT_SECRET_KEY that is the previous one here. */
#define AGAIN_MS 600000
/* The same after a load that failed or found lost keys. */
#define SOON_MS 5000

typedef struct data_key_t {
    authp_id_t id;
    const authp_seal_t *seal;
    int seen;                /* the number of the latest load that found its row */
    struct data_key_t *next; /* with a smaller id */
} data_key_t;

struct authp_vault_t {
    apr_pool_t *pool;         /* of the keys; used with `mutex` held */
    const authp_seal_t *wrap; /* of the present and the previous JWT_SECRET_KEY */
    const authp_clock_t *clock;
    pthread_mutex_t loading; /* held by the one thread that reads rows or makes the first key */
    pthread_mutex_t mutex;   /* guards what follows; never held while the store is asked */
    data_key_t *keys;        /* the greatest id first, which is the newest */
    int loads;               /* how many have succeeded */
    authp_ms_t load_at;      /* when authp_vault_refresh() loads the keys again */
    int rows;                /* of the latest load */
    int lost;                /* of them, those that this process could not unwrap */
    authp_id_t named[NAMED_MOST];
    bool told; /* the loss has been logged */
};

static apr_status_t destroy(void *data)
{
    authp_vault_t *vault = data;
    pthread_mutex_destroy(&vault->loading);
    pthread_mutex_destroy(&vault->mutex);
    return APR_SUCCESS;
}

authp_err_t authp_vault_make(const authp_settings_t *settings, const authp_clock_t *clock,
                             authp_vault_t **out, apr_pool_t *pool)
{
    authp_vault_t *vault = apr_pcalloc(pool, sizeof(*vault));
    if (apr_pool_create(&vault->pool, pool) != APR_SUCCESS) {
        return AUTHP_E_INTERNAL;
    }
    authp_err_t err = authp_wrapping_make(settings, &vault->wrap, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    vault->clock = clock;
    vault->load_at = authp_clock_now(clock);
    pthread_mutex_init(&vault->loading, NULL);
    pthread_mutex_init(&vault->mutex, NULL);
    apr_pool_cleanup_register(pool, vault, destroy, apr_pool_cleanup_null);
    *out = vault;
    return AUTHP_OK;
}

static const char *purpose_of(const char *purpose, const char *row_id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, purpose, " ", row_id, NULL);
}

/* --- the keys of this process --- */

static const authp_seal_t *find(authp_vault_t *vault, const char *id)
{
    const authp_seal_t *seal = NULL;
    pthread_mutex_lock(&vault->mutex);
    for (const data_key_t *key = vault->keys; key != NULL && seal == NULL; key = key->next) {
        seal = strcmp(key->id.hex, id) == 0 ? key->seal : NULL;
    }
    pthread_mutex_unlock(&vault->mutex);
    return seal;
}

/* Adds a key of AUTHP_WRAPPING_KEY_LEN bytes. Called by the thread that holds vault->loading. */
static authp_err_t keep(authp_vault_t *vault, const authp_id_t *id, const void *bytes)
{
    authp_err_t err = AUTHP_OK;
    authp_seal_t *seal = NULL;
    pthread_mutex_lock(&vault->mutex);
    const authp_secret_t *secret = authp_secret_make(bytes, AUTHP_WRAPPING_KEY_LEN, vault->pool);
    err = authp_seal_make(secret, NULL, DATA_LABEL, &seal, vault->pool);
    if (err == AUTHP_OK) {
        data_key_t *key = apr_pcalloc(vault->pool, sizeof(*key));
        data_key_t **at = &vault->keys;
        key->id = *id;
        key->seal = seal;
        key->seen = vault->loads;
        while (*at != NULL && strcmp((*at)->id.hex, id->hex) > 0) {
            at = &(*at)->next;
        }
        key->next = *at;
        *at = key;
    }
    pthread_mutex_unlock(&vault->mutex);
    return err;
}

/* --- rows --- */

/* Notes that the load with this number has found the row of a key that this process has. */
static void see(authp_vault_t *vault, const authp_id_t *id, int number)
{
    pthread_mutex_lock(&vault->mutex);
    for (data_key_t *key = vault->keys; key != NULL; key = key->next) {
        if (strcmp(key->id.hex, id->hex) == 0) {
            key->seen = number;
        }
    }
    pthread_mutex_unlock(&vault->mutex);
}

/* Unwraps the key of a row and keeps the key, if this process does not have it yet.
 * AUTHP_E_MALFORMED: neither the present nor the previous JWT_SECRET_KEY has
 * wrapped it, and this process has no earlier copy of the key. */
static authp_err_t take(const authp_realm_t *realm, const authp_data_key_t *row, int number,
                        apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    const bool known = find(vault, row->id.hex) != NULL;
    authp_bytes_t bytes = {NULL, 0};
    authp_err_t err = authp_wrapping_open(vault->wrap, row, &bytes, pool);
    if (err == AUTHP_OK && !known) {
        err = keep(vault, &row->id, bytes.data);
    }
    if (err == AUTHP_OK || known) {
        see(vault, &row->id, number);
    }
    if (err == AUTHP_E_MALFORMED && known) {
        return AUTHP_OK;
    }
    return err == AUTHP_OK ? authp_wrapping_renew(realm, vault->wrap, row, bytes, pool) : err;
}

static const char *names_of(const authp_id_t *named, int lost, apr_pool_t *pool)
{
    const char *names = "";
    for (int i = 0; i < lost && i < NAMED_MOST; i++) {
        names = apr_pstrcat(pool, names, i > 0 ? ", " : "", named[i].hex, NULL);
    }
    return lost > NAMED_MOST ? apr_psprintf(pool, "%s and %d more", names, lost - NAMED_MOST)
                             : names;
}

typedef struct found_t {
    int rows;
    int lost;
    authp_id_t named[NAMED_MOST];
} found_t;

/* Stores what the latest load has found. Logs lost keys once. */
static void note(authp_vault_t *vault, const found_t *found, apr_pool_t *pool)
{
    pthread_mutex_lock(&vault->mutex);
    const bool tell = found->lost > 0 && !vault->told;
    vault->loads++;
    vault->rows = found->rows;
    vault->lost = found->lost;
    memcpy(vault->named, found->named, sizeof(vault->named));
    vault->told = found->lost > 0;
    pthread_mutex_unlock(&vault->mutex);
    if (tell) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0381",
                  "data keys that neither JWT_SECRET_KEY nor JWT_SECRET_KEY_PREVIOUS can unwrap: "
                  "%s; what they seal cannot be used",
                  names_of(found->named, found->lost, pool));
    }
}

static authp_err_t read_rows(const authp_realm_t *realm, found_t *found, apr_pool_t *pool)
{
    apr_array_header_t *rows = NULL;
    authp_err_t first = AUTHP_OK;
    authp_err_t err = authp_store_data_key_list(realm->store, &rows, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    found->rows = rows->nelts;
    for (int i = 0; i < rows->nelts; i++) {
        const authp_data_key_t *row = APR_ARRAY_IDX(rows, i, const authp_data_key_t *);
        err = take(realm, row, realm->vault->loads + 1, pool);
        if (err == AUTHP_E_MALFORMED) {
            if (found->lost < NAMED_MOST) {
                found->named[found->lost] = row->id;
            }
            found->lost++;
        } else if (first == AUTHP_OK) {
            first = err;
        }
    }
    note(realm->vault, found, pool);
    return first;
}

/* Called with vault->loading held. */
static authp_err_t load(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    found_t found = {0, 0, {{""}}};
    authp_err_t err = read_rows(realm, &found, pool);
    authp_ms_t now = authp_clock_now(vault->clock);
    pthread_mutex_lock(&vault->mutex);
    vault->load_at = now + (err == AUTHP_OK && found.lost == 0 ? AGAIN_MS : SOON_MS);
    pthread_mutex_unlock(&vault->mutex);
    return err;
}

authp_err_t authp_vault_load(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    pthread_mutex_lock(&vault->loading);
    authp_err_t err = load(realm, pool);
    pthread_mutex_unlock(&vault->loading);
    return err;
}

static bool is_due(authp_vault_t *vault)
{
    authp_ms_t now = authp_clock_now(vault->clock);
    pthread_mutex_lock(&vault->mutex);
    bool due = now >= vault->load_at;
    pthread_mutex_unlock(&vault->mutex);
    return due;
}

void authp_vault_refresh(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    if (vault == NULL || !is_due(vault)) {
        return;
    }
    pthread_mutex_lock(&vault->loading);
    /* Another thread may have loaded the keys while this one waited. A load that fails is tried
     * again later, and the store has logged why. */
    if (is_due(vault)) {
        (void)load(realm, pool);
    }
    pthread_mutex_unlock(&vault->loading);
}

/* --- sealing --- */

/* Makes the first data key of the store. Two hosts that do this at the same time make two keys.
 * Both stay, and each host loads the other key when a text that it opens names that key. */
static authp_err_t make_first(const authp_realm_t *realm, apr_pool_t *pool)
{
    unsigned char bytes[AUTHP_WRAPPING_KEY_LEN];
    authp_data_key_t row = {.id = authp_id_new(realm->clock, realm->random),
                            .created_at = authp_realm_now(realm)};
    authp_random_fill(realm->random, bytes, sizeof(bytes));
    authp_err_t err = authp_wrapping_close(realm, realm->vault->wrap, &row,
                                           (authp_bytes_t){bytes, sizeof(bytes)}, pool);
    if (err == AUTHP_OK) {
        err = authp_store_data_key_add(realm->store, &row, pool);
    }
    if (err == AUTHP_OK) {
        err = keep(realm->vault, &row.id, bytes);
    }
    authp_secret_wipe(bytes, sizeof(bytes));
    return err == AUTHP_E_CONFLICT ? AUTHP_E_UNAVAILABLE : err;
}

/* Returns the newest key whose row the latest load has found, or which was made after that load, or
 * NULL. A key without a row seals nothing more, because no other process could open the text. *none
 * becomes true if the latest load has found no row. */
static const data_key_t *newest(authp_vault_t *vault, bool *none)
{
    pthread_mutex_lock(&vault->mutex);
    const data_key_t *key = vault->keys;
    while (key != NULL && key->seen < vault->loads) {
        key = key->next;
    }
    *none = vault->loads > 0 && vault->rows == 0;
    pthread_mutex_unlock(&vault->mutex);
    return key;
}

/* Called when this process has no key. */
static authp_err_t get_one(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    authp_err_t err = AUTHP_OK;
    bool none = false;
    pthread_mutex_lock(&vault->loading);
    /* Another thread may have loaded the keys while this one waited. */
    if (newest(vault, &none) == NULL) {
        err = load(realm, pool);
        if (err == AUTHP_OK && newest(vault, &none) == NULL && none) {
            err = make_first(realm, pool);
        }
    }
    pthread_mutex_unlock(&vault->loading);
    return err;
}

authp_err_t authp_vault_close(const authp_realm_t *realm, const char *purpose, const char *row_id,
                              authp_bytes_t data, const char **out, apr_pool_t *pool)
{
    const char *sealed = NULL;
    bool none = false;
    const data_key_t *key = newest(realm->vault, &none);
    authp_err_t err = AUTHP_OK;
    if (key == NULL) {
        err = get_one(realm, pool);
        key = newest(realm->vault, &none);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (key == NULL) {
        return AUTHP_E_UNAVAILABLE;
    }
    err = authp_seal_close(key->seal, purpose_of(purpose, row_id, pool), data, realm->random,
                           &sealed, pool);
    if (err == AUTHP_OK) {
        *out = apr_pstrcat(pool, key->id.hex, ".", sealed, NULL);
    }
    return err;
}

authp_err_t authp_vault_open(const authp_realm_t *realm, const char *purpose, const char *row_id,
                             const char *text, authp_bytes_t *out, apr_pool_t *pool)
{
    const char *dot = strchr(text, '.');
    if (dot == NULL || dot - text != AUTHP_ID_LEN) {
        return AUTHP_E_MALFORMED;
    }
    const char *id = apr_pstrmemdup(pool, text, AUTHP_ID_LEN);
    if (!authp_id_valid(id)) {
        return AUTHP_E_MALFORMED;
    }
    const authp_seal_t *seal = find(realm->vault, id);
    if (seal == NULL) {
        authp_err_t err = authp_vault_load(realm, pool);
        seal = find(realm->vault, id);
        if (seal == NULL) {
            return err == AUTHP_OK ? AUTHP_E_UNAVAILABLE : err;
        }
    }
    return authp_seal_open(seal, purpose_of(purpose, row_id, pool), dot + 1, strlen(dot + 1), out,
                           pool);
}

const char *authp_vault_why(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    authp_id_t named[NAMED_MOST];
    if (vault == NULL) {
        return NULL;
    }
    authp_vault_refresh(realm, pool);
    pthread_mutex_lock(&vault->mutex);
    int lost = vault->lost;
    memcpy(named, vault->named, sizeof(named));
    pthread_mutex_unlock(&vault->mutex);
    return lost == 0 ? NULL
                     : apr_psprintf(pool,
                                    "JWT_SECRET_KEY cannot unwrap data keys of the store: %s. Set "
                                    "the key that wrapped them as JWT_SECRET_KEY_PREVIOUS, or give "
                                    "up what they seal with authplatform keys forget.",
                                    names_of(named, lost, pool));
}

bool authp_vault_is_shut(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_vault_t *vault = realm->vault;
    if (vault == NULL) {
        return false;
    }
    authp_vault_refresh(realm, pool);
    pthread_mutex_lock(&vault->mutex);
    bool shut = vault->rows > 0 && vault->lost == vault->rows;
    pthread_mutex_unlock(&vault->mutex);
    return shut;
}
