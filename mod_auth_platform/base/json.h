/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_JSON_H
#define AUTHP_BASE_JSON_H

#include "base/err.h"

#include <apr_pools.h>
#include <jansson.h>
#include <stddef.h>

/* Strict reading (contract 1): whole input is one JSON value, UTF-8, no lone surrogate, no repeated
 * key, at most 8 deep (a scalar is 0, {} is 1). \u0000 is let through for the schema to refuse by
 * field name. Numbers beyond range are values like any other (never MALFORMED), whatever jansson
 * thinks of them. AUTHP_E_MALFORMED otherwise. The value is released with the pool. */
AUTHP_CHECKED authp_err_t authp_json_parse(const char *text, size_t len, json_t **out,
                                           apr_pool_t *pool);

/* New containers and values that the pool releases: never NULL (allocation failure aborts, as APR
 * does). */
json_t *authp_json_object(apr_pool_t *pool);
json_t *authp_json_array(apr_pool_t *pool);

/* Setters that cannot leak; a NULL string becomes null. The object owns the new value. */
void authp_json_set_str(json_t *object, const char *key, const char *value);
void authp_json_set_int(json_t *object, const char *key, json_int_t value);
void authp_json_set_bool(json_t *object, const char *key, int value);
void authp_json_set_null(json_t *object, const char *key);
/* Takes a new reference to `value`. */
void authp_json_set(json_t *object, const char *key, json_t *value);
/* A fresh empty object or array inside `object`, borrowed. */
json_t *authp_json_set_object(json_t *object, const char *key);
json_t *authp_json_set_array(json_t *object, const char *key);
void authp_json_append_str(json_t *array, const char *value);
json_t *authp_json_append_object(json_t *array);

/* Compact text, in the pool. */
const char *authp_json_text(const json_t *value, size_t *len, apr_pool_t *pool);

#endif
