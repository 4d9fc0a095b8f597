/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/platform/bodies.h"

const authp_schema_t authp_bodies_register = {"Register",
                                              {{"email", AUTHP_FIELD_EMAIL, true, false},
                                               {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
                                               {"name", AUTHP_FIELD_NAME, false, true},
                                               {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                              {NULL, NULL}};

const authp_schema_t authp_bodies_login = {"Login",
                                           {{"email", AUTHP_FIELD_LOGIN, false, false},
                                            {"username", AUTHP_FIELD_LOGIN, false, false},
                                            {"password", AUTHP_FIELD_PASSWORD, true, false},
                                            {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                           {"email", "username"}};

const authp_schema_t authp_bodies_email_login = {"EmailLogin",
                                                 {{"email", AUTHP_FIELD_LOGIN, true, false},
                                                  {"password", AUTHP_FIELD_PASSWORD, true, false},
                                                  {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                                 {NULL, NULL}};

const authp_schema_t authp_bodies_refresh = {
    "Refresh", {{"refresh_token", AUTHP_FIELD_TOKEN, false, false}}, {NULL, NULL}};

const authp_schema_t authp_bodies_logout = {
    "Logout",
    {{"refresh_token", AUTHP_FIELD_TOKEN, false, false}, {"all", AUTHP_FIELD_BOOL, false, false}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_me_patch = {
    "MePatch", {{"name", AUTHP_FIELD_NAME, false, true}}, {NULL, NULL}};

const authp_schema_t authp_bodies_me_password = {
    "MePassword",
    {{"current_password", AUTHP_FIELD_PASSWORD, false, true},
     {"new_password", AUTHP_FIELD_NEW_PASSWORD, true, false}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_me_delete = {
    "MeDelete", {{"password", AUTHP_FIELD_PASSWORD, false, true}}, {NULL, NULL}};

const authp_schema_t authp_bodies_user_patch = {
    "UserPatch",
    {{"roles", AUTHP_FIELD_ROLES, false, false},
     {"disabled", AUTHP_FIELD_BOOL, false, false},
     {"name", AUTHP_FIELD_NAME, false, true},
     {"is_recruiter_verified", AUTHP_FIELD_BOOL, false, false}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_verify = {"RecruiterVerify",
                                            {{"user_id", AUTHP_FIELD_ID, false, false},
                                             {"email", AUTHP_FIELD_LOGIN, false, false},
                                             {"verified", AUTHP_FIELD_BOOL, false, false}},
                                            {"user_id", "email"}};

const authp_schema_t authp_bodies_register_recruiter = {
    "RegisterRecruiter",
    {{"email", AUTHP_FIELD_EMAIL, true, false},
     {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
     {"name", AUTHP_FIELD_NAME, false, true},
     {"invite_code", AUTHP_FIELD_TOKEN, false, true},
     {"verified", AUTHP_FIELD_BOOL, false, false},
     {"device_id", AUTHP_FIELD_DEVICE, false, true}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_recruiter_login = {
    "RecruiterLogin",
    {{"email", AUTHP_FIELD_LOGIN, true, false},
     {"password", AUTHP_FIELD_PASSWORD, true, false},
     {"invite_code", AUTHP_FIELD_TOKEN, false, true},
     {"device_id", AUTHP_FIELD_DEVICE, false, true}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_invite = {"NewInvite",
                                            {{"email", AUTHP_FIELD_EMAIL, true, false},
                                             {"expires_in_hours", AUTHP_FIELD_HOURS, false, false},
                                             {"send", AUTHP_FIELD_BOOL, false, false}},
                                            {NULL, NULL}};

const authp_schema_t authp_bodies_google_token = {"GoogleToken",
                                                  {{"id_token", AUTHP_FIELD_JWT, true, false},
                                                   {"nonce", AUTHP_FIELD_TOKEN, false, true},
                                                   {"role", AUTHP_FIELD_ASKED, false, true},
                                                   {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                                  {NULL, NULL}};

const authp_schema_t authp_bodies_login_code = {"LoginCode",
                                                {{"login_code", AUTHP_FIELD_TOKEN, true, false},
                                                 {"code_verifier", AUTHP_FIELD_TOKEN, true, false},
                                                 {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                                {NULL, NULL}};

const authp_schema_t authp_bodies_link_start = {
    "LinkStart", {{"return_to", AUTHP_FIELD_TARGET, false, true}}, {NULL, NULL}};

const authp_schema_t authp_bodies_link_code = {
    "LinkCode", {{"link_code", AUTHP_FIELD_TOKEN, true, false}}, {NULL, NULL}};

const authp_schema_t authp_bodies_email_verify = {
    "EmailVerify",
    {{"token", AUTHP_FIELD_TOKEN, true, false}, {"password", AUTHP_FIELD_PASSWORD, false, true}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_password_forgot = {
    "PasswordForgot", {{"email", AUTHP_FIELD_EMAIL, true, false}}, {NULL, NULL}};

const authp_schema_t authp_bodies_password_reset = {
    "PasswordReset",
    {{"token", AUTHP_FIELD_TOKEN, true, false},
     {"new_password", AUTHP_FIELD_NEW_PASSWORD, true, false}},
    {NULL, NULL}};

const authp_schema_t authp_bodies_me_email = {"MeEmail",
                                              {{"new_email", AUTHP_FIELD_EMAIL, true, false},
                                               {"password", AUTHP_FIELD_PASSWORD, false, true}},
                                              {NULL, NULL}};

const authp_schema_t authp_bodies_new_user = {"NewUser",
                                              {{"email", AUTHP_FIELD_EMAIL, true, false},
                                               {"name", AUTHP_FIELD_NAME, false, true},
                                               {"roles", AUTHP_FIELD_ROLES, false, false},
                                               {"send", AUTHP_FIELD_BOOL, false, false}},
                                              {NULL, NULL}};
