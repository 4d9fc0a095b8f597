/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PLATFORM_BODIES_H
#define AUTHP_API_PROFILES_PLATFORM_BODIES_H

#include "api/core/schema.h"

/* The request bodies of the routes, as schemas. */
extern const authp_schema_t authp_bodies_register;
extern const authp_schema_t authp_bodies_login;
extern const authp_schema_t authp_bodies_email_login;
extern const authp_schema_t authp_bodies_refresh;
extern const authp_schema_t authp_bodies_logout;
extern const authp_schema_t authp_bodies_me_patch;
extern const authp_schema_t authp_bodies_me_password;
extern const authp_schema_t authp_bodies_me_delete;
extern const authp_schema_t authp_bodies_user_patch;
extern const authp_schema_t authp_bodies_verify;
extern const authp_schema_t authp_bodies_register_recruiter;
extern const authp_schema_t authp_bodies_recruiter_login;
extern const authp_schema_t authp_bodies_invite;
extern const authp_schema_t authp_bodies_google_token;
extern const authp_schema_t authp_bodies_login_code;
extern const authp_schema_t authp_bodies_link_start;
extern const authp_schema_t authp_bodies_link_code;
extern const authp_schema_t authp_bodies_email_verify;
extern const authp_schema_t authp_bodies_password_forgot;
extern const authp_schema_t authp_bodies_password_reset;
extern const authp_schema_t authp_bodies_me_email;
extern const authp_schema_t authp_bodies_new_user;

#endif
