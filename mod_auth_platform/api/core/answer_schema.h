/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_ANSWER_SCHEMA_H
#define AUTHP_API_CORE_ANSWER_SCHEMA_H

#include <stddef.h>

/* What an answer looks like, for OpenAPI. */
#define AUTHP_ANSWER_PROPERTIES 12

/* A property of an answer: its name, its JSON type and its description. A type that ends in "?" may
 * be null, and one that ends in "*" may be absent. "[]" is a list of strings, "#X" is the schema X,
 * "[#X]" is a list of these. */
typedef struct authp_property_t {
    const char *name; /* NULL ends the list */
    const char *type;
    const char *about; /* NULL: its name says it */
} authp_property_t;

typedef struct authp_answer_schema_t {
    const char *name; /* NULL ends the list */
    authp_property_t properties[AUTHP_ANSWER_PROPERTIES];
    const char *any_of[2]; /* instead of properties: it is one of these two schemas */
} authp_answer_schema_t;

#endif
