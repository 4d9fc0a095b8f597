/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_JSON_H
#define AUTHP_BASE_JSON_H

#include "base/err.h"
#include "base/json_scan.h"

#include <apr_pools.h>
#include <jansson.h>
#include <stddef.h>

/* Parses one JSON value strictly. AUTHP_E_MALFORMED: the whole input is not one JSON value in
 * UTF-8, or has a lone surrogate, a repeated key, or a nesting deeper than 8 (a scalar has 0, {}
 * has 1). \u0000 is accepted, so that the schema can refuse it and name the field. A number too
 * large for jansson is accepted with another value (base/json_scan.h). The value is released with
 * the pool. */
AUTHP_CHECKED authp_err_t authp_json_parse(const char *text, size_t len, json_t **out,
                                           apr_pool_t *pool);

/* The same for what is in a store or an export file, which has values that clients have sent within
 * others: nesting up to AUTHP_JSON_STORED_DEPTH. */
AUTHP_CHECKED authp_err_t authp_json_parse_stored(const char *text, size_t len, json_t **out,
                                                  apr_pool_t *pool);

/* The text of a value. NULL if it is no string, or has a NUL inside. The value owns it. */
const char *authp_json_str(const json_t *value);
/* The same of a member, NULL also if it is absent. */
const char *authp_json_get_str(const json_t *object, const char *name);

/* New containers, which the pool releases. Never NULL: the process ends if there is no memory, as
 * with APR. */
json_t *authp_json_object(apr_pool_t *pool);
json_t *authp_json_array(apr_pool_t *pool);

/* Setters. The object owns the new value. A NULL string becomes null. */
void authp_json_set_str(json_t *object, const char *key, const char *value);
/* `value` has `len` bytes of UTF-8 and may have a NUL inside. */
void authp_json_set_strn(json_t *object, const char *key, const char *value, size_t len);
void authp_json_set_int(json_t *object, const char *key, json_int_t value);
void authp_json_set_bool(json_t *object, const char *key, int value);
/* Takes a new reference to `value`. */
void authp_json_set(json_t *object, const char *key, json_t *value);
/* Adds a new, empty object or array to `object` and returns it. `object` owns it. */
json_t *authp_json_set_object(json_t *object, const char *key);
json_t *authp_json_set_array(json_t *object, const char *key);
void authp_json_append_str(json_t *array, const char *value);
json_t *authp_json_append_object(json_t *array);

/* Writes the value as compact text in the pool. *len (may be NULL) gets its length. */
const char *authp_json_text(const json_t *value, size_t *len, apr_pool_t *pool);

#endif
