/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_DOCS_META_H
#define AUTHP_API_DOCS_META_H

#include "api/core/call.h"

/* Routes about the server itself: is it alive, is it ready, its OpenAPI document and the page
 * /docs. */
authp_err_t authp_meta_healthz(authp_call_t *call);
authp_err_t authp_meta_readyz(authp_call_t *call);
authp_err_t authp_meta_openapi(authp_call_t *call);
authp_err_t authp_meta_docs(authp_call_t *call);

/* The rows of these routes, which a profile puts into its table. `group` is one of its tags. */
#define AUTHP_META_ROUTES(group)                                                                   \
    {.method = "GET",                                                                              \
     .path = "/healthz",                                                                           \
     .handler = authp_meta_healthz,                                                                \
     .tag = (group),                                                                               \
     .summary = "Is the process alive?",                                                           \
     .success = 200,                                                                               \
     .answer = "Status"},                                                                          \
        {.method = "GET",                                                                          \
         .path = "/readyz",                                                                        \
         .handler = authp_meta_readyz,                                                             \
         .flags = AUTHP_ROUTE_WAITS,                                                               \
         .tag = (group),                                                                           \
         .summary = "Does the account store answer?",                                              \
         .success = 200,                                                                           \
         .answer = "Status"},                                                                      \
        {.method = "GET",                                                                          \
         .path = "/openapi.json",                                                                  \
         .handler = authp_meta_openapi,                                                            \
         .flags = AUTHP_ROUTE_KEPT,                                                                \
         .tag = (group),                                                                           \
         .summary = "This document",                                                               \
         .success = 200,                                                                           \
         .answer = "Document"},                                                                    \
    {                                                                                              \
        .method = "GET", .path = "/docs", .handler = authp_meta_docs,                              \
        .flags = AUTHP_ROUTE_PAGE | AUTHP_ROUTE_KEPT, .tag = (group),                              \
        .summary = "A page that explains the routes and sends requests to them", .success = 200,   \
        .answer = "Page"                                                                           \
    }

#endif
