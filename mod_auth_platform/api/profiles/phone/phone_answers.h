/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PHONE_PHONE_ANSWERS_H
#define AUTHP_API_PROFILES_PHONE_PHONE_ANSWERS_H

#include "api/core/answer_schema.h"
#include "api/core/call.h"

/* What the answers look like, for OpenAPI. */
extern const authp_answer_schema_t authp_phone_answers[];

/* Answers 200 with {success: true, message, data}. `data` NULL: null. */
void authp_phone_answers_success(authp_call_t *call, const char *message, json_t *data);

/* An account as {id, full_name, phone, email, user_type, is_verified}. `phone` is the number as the
 * request had it; NULL: the national digits. `user_type` may be NULL. */
json_t *authp_phone_answers_user(const authp_call_t *call, const authp_user_t *user,
                                 const char *phone, const char *user_type);

/* Sets the member `mobile` of `out` to the national digits, null for an account without a number.
 */
void authp_phone_answers_mobile(const authp_call_t *call, const authp_user_t *user, json_t *out);

/* An administrator as {id, email, name, mobile, role: {name, permissions}}, with a masked number.
 */
json_t *authp_phone_answers_admin(const authp_call_t *call, const authp_user_t *user);

#endif
