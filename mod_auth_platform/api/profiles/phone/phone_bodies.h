/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PHONE_PHONE_BODIES_H
#define AUTHP_API_PROFILES_PHONE_PHONE_BODIES_H

#include "api/core/schema.h"

/* The request bodies of the routes, as schemas. */
extern const authp_schema_t authp_phone_bodies_send;
extern const authp_schema_t authp_phone_bodies_register;
extern const authp_schema_t authp_phone_bodies_login;
extern const authp_schema_t authp_phone_bodies_login_otp;
extern const authp_schema_t authp_phone_bodies_reset;
extern const authp_schema_t authp_phone_bodies_users_register;
extern const authp_schema_t authp_phone_bodies_users_auth;
extern const authp_schema_t authp_phone_bodies_admin_register;
extern const authp_schema_t authp_phone_bodies_admin_verify;
extern const authp_schema_t authp_phone_bodies_admin_login;
extern const authp_schema_t authp_phone_bodies_admin_verify_login;
extern const authp_schema_t authp_phone_bodies_own_profile;
extern const authp_schema_t authp_phone_bodies_profile;

#endif
