/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_file.h"

#include "service/transfer/transfer_row.h"

#include <apr_strings.h>
#include <string.h>

#define WHAT "authplatform"
#define EXPORT "export"

static const struct {
    const char *name;
    const char *plural;
    const authp_columns_t *columns;
} kinds[AUTHP_TRANSFER_KINDS] = {
    [AUTHP_TRANSFER_USER] = {"user", "users", &authp_columns_user},
    [AUTHP_TRANSFER_SESSION] = {"session", "sessions", &authp_columns_session},
    [AUTHP_TRANSFER_INVITE] = {"invite", "invites", &authp_columns_invite},
    [AUTHP_TRANSFER_AUDIT] = {"audit", "audit", &authp_columns_audit}};

const char *authp_transfer_file_name(authp_transfer_kind_t kind)
{
    return kinds[kind].name;
}

const char *authp_transfer_file_plural(authp_transfer_kind_t kind)
{
    return kinds[kind].plural;
}

const authp_columns_t *authp_transfer_file_columns(authp_transfer_kind_t kind)
{
    return kinds[kind].columns;
}

const char *authp_transfer_file_header(const authp_transfer_header_t *header, size_t *len,
                                       apr_pool_t *pool)
{
    json_t *object = authp_json_object(pool);
    authp_json_set_str(object, WHAT, EXPORT);
    authp_json_set_int(object, "version", AUTHP_TRANSFER_VERSION);
    authp_json_set_int(object, "made_at", header->made_at);
    authp_json_set_str(object, "store", header->store);
    authp_json_set_str(object, "key", header->key);
    json_t *counts = authp_json_set_object(object, "counts");
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        authp_json_set_int(counts, kinds[i].plural, header->counts[i]);
    }
    return authp_json_text(object, len, pool);
}

const char *authp_transfer_file_line(authp_transfer_kind_t kind, const void *row, size_t *len,
                                     apr_pool_t *pool)
{
    json_t *inner = authp_transfer_row_make(kinds[kind].columns, row, pool);
    if (inner == NULL) {
        return NULL;
    }
    json_t *object = authp_json_object(pool);
    authp_json_set(object, kinds[kind].name, inner);
    return authp_json_text(object, len, pool);
}

static authp_err_t refuse(const char **refusal, const char *why)
{
    *refusal = why;
    return AUTHP_E_MALFORMED;
}

static bool get_count(const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0;
}

authp_err_t authp_transfer_file_read_header(const char *line, size_t len,
                                            authp_transfer_header_t *out, const char **refusal,
                                            apr_pool_t *pool)
{
    json_t *object = NULL;
    int64_t version = 0;
    authp_transfer_header_t header;
    const char *what = authp_json_parse_stored(line, len, &object, pool) == AUTHP_OK
                           ? authp_json_get_str(object, WHAT)
                           : NULL;
    if (what == NULL || strcmp(what, EXPORT) != 0) {
        return refuse(refusal, "this is not a file of `authplatform export`");
    }
    if (!get_count(object, "version", &version) || version > AUTHP_TRANSFER_VERSION) {
        return refuse(refusal, "the file is of a newer version of this tool");
    }
    header.store = authp_json_get_str(object, "store");
    header.key = authp_json_get_str(object, "key");
    const json_t *counts = json_object_get(object, "counts");
    bool fine = version == AUTHP_TRANSFER_VERSION && header.store != NULL && header.key != NULL &&
                get_count(object, "made_at", &header.made_at);
    for (int i = 0; fine && i < AUTHP_TRANSFER_KINDS; i++) {
        fine = get_count(counts, kinds[i].plural, &header.counts[i]);
    }
    if (!fine) {
        return refuse(refusal, "the header is damaged");
    }
    header.store = apr_pstrdup(pool, header.store);
    header.key = apr_pstrdup(pool, header.key);
    *out = header;
    return AUTHP_OK;
}

static int kind_of(const char *name)
{
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            return i;
        }
    }
    return AUTHP_TRANSFER_KINDS;
}

authp_err_t authp_transfer_file_read_line(const char *text, size_t len, authp_transfer_line_t *line,
                                          const char **refusal, apr_pool_t *pool)
{
    json_t *object = NULL;
    if (authp_json_parse_stored(text, len, &object, pool) != AUTHP_OK ||
        json_object_size(object) != 1) {
        return refuse(refusal, "it is no row: the file may be damaged or cut off");
    }
    const char *name = json_object_iter_key(json_object_iter(object));
    const json_t *inner = json_object_get(object, name);
    int kind = kind_of(name);
    if (kind == AUTHP_TRANSFER_KINDS || !json_is_object(inner)) {
        return refuse(refusal, apr_psprintf(pool,
                                            "rows of the kind \"%s\" are unknown: the file may be "
                                            "of a newer version",
                                            name));
    }
    line->kind = (authp_transfer_kind_t)kind;
    line->had_factors =
        kind == AUTHP_TRANSFER_USER && json_object_get(inner, AUTHP_TRANSFER_FACTORS) != NULL;
    if (line->had_factors && !line->drop_factors) {
        return refuse(refusal, "the account has second factors, which this version cannot keep: "
                               "--drop-factors imports it without them");
    }
    return authp_transfer_row_read(kinds[kind].columns, inner,
                                   line->had_factors ? AUTHP_TRANSFER_FACTORS : NULL, &line->row,
                                   refusal, pool);
}
