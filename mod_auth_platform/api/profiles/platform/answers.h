/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PLATFORM_ANSWERS_H
#define AUTHP_API_PROFILES_PLATFORM_ANSWERS_H

#include "api/core/answer_schema.h"

/* What the answers of the platform profile look like, for OpenAPI. */
extern const authp_answer_schema_t authp_answers[];

#endif
