/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/phone/phone_bodies.h"

/* Columns: name, kind, required, nullable. */

/* --- codes that are made here ----------------------------------------------------------------- */
const authp_schema_t authp_phone_bodies_send = {
    "SendCode", {{"phone", AUTHP_FIELD_MOBILE, true, false}}, {NULL, NULL}};
const authp_schema_t authp_phone_bodies_register = {
    "Register",
    {{"full_name", AUTHP_FIELD_FULL_NAME, true, false},
     {"phone", AUTHP_FIELD_MOBILE, true, false},
     {"email", AUTHP_FIELD_EMAIL, false, true},
     {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
     {"user_type", AUTHP_FIELD_OWN_ROLE, true, false},
     {"otp", AUTHP_FIELD_CODE, true, false}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_login = {
    "Login",
    {{"phone", AUTHP_FIELD_MOBILE, true, false}, {"password", AUTHP_FIELD_PASSWORD, true, false}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_login_otp = {
    "LoginByCode",
    {{"phone", AUTHP_FIELD_MOBILE, true, false},
     {"otp", AUTHP_FIELD_CODE, true, false},
     {"password", AUTHP_FIELD_PASSWORD, false, true}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_reset = {
    "ResetPassword",
    {{"phone", AUTHP_FIELD_MOBILE, true, false},
     {"otp", AUTHP_FIELD_CODE, true, false},
     {"new_password", AUTHP_FIELD_NEW_PASSWORD, true, false}},
    {NULL, NULL}};

/* --- codes that the provider makes ------------------------------------------------------------ */
const authp_schema_t authp_phone_bodies_users_register = {
    "UsersRegister",
    {{"mobile", AUTHP_FIELD_MOBILE, true, false}, {"roles", AUTHP_FIELD_OWN_ROLES, true, false}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_users_auth = {
    "UsersAuth",
    {{"mobile", AUTHP_FIELD_MOBILE, true, false},
     {"otp", AUTHP_FIELD_CODE, true, false},
     {"roles", AUTHP_FIELD_OWN_ROLES, true, false},
     {"password", AUTHP_FIELD_PASSWORD, false, true}},
    {NULL, NULL}};

/* --- administrators --------------------------------------------------------------------------- */
const authp_schema_t authp_phone_bodies_admin_register = {
    "AdminRegister",
    {{"email", AUTHP_FIELD_EMAIL, true, false},
     {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
     {"mobile", AUTHP_FIELD_MOBILE, true, false},
     {"name", AUTHP_FIELD_FULL_NAME, true, false},
     {"roles", AUTHP_FIELD_ADMIN_ROLES, true, false},
     {"invite_code", AUTHP_FIELD_TOKEN, false, true}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_admin_verify = {
    "AdminVerify",
    {{"mobile", AUTHP_FIELD_MOBILE, true, false}, {"otp", AUTHP_FIELD_CODE, true, false}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_admin_login = {
    "AdminLogin",
    {{"email", AUTHP_FIELD_LOGIN, true, false}, {"password", AUTHP_FIELD_PASSWORD, true, false}},
    {NULL, NULL}};
const authp_schema_t authp_phone_bodies_admin_verify_login = {
    "AdminVerifyLogin",
    {{"email", AUTHP_FIELD_LOGIN, true, false}, {"otp", AUTHP_FIELD_CODE, true, false}},
    {NULL, NULL}};

/* --- what an account is in a role ------------------------------------------------------------- */
const authp_schema_t authp_phone_bodies_own_profile = {
    "OwnProfile", {{"personal_info", AUTHP_FIELD_DOCUMENT, true, false}}, {NULL, NULL}};
const authp_schema_t authp_phone_bodies_profile = {
    "Profile",
    {{"personal_info", AUTHP_FIELD_DOCUMENT, false, true},
     {"stats", AUTHP_FIELD_DOCUMENT, false, true},
     {"job_id", AUTHP_FIELD_NAME, false, true}},
    {NULL, NULL}};
