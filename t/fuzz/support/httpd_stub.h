/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_FUZZ_HTTPD_STUB_H
#define AUTHP_FUZZ_HTTPD_STUB_H

#include <mod_auth.h>

/* The provider registered for `Require NAME`; NULL if there is none. */
const authz_provider *httpd_stub_provider(const char *name);

#endif
