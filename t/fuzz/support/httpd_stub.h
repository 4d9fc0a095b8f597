/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_FUZZ_HTTPD_STUB_H
#define AUTHP_FUZZ_HTTPD_STUB_H

#include <mod_auth.h>

/* Returns the provider that is registered for `Require NAME`, or NULL. */
const authz_provider *httpd_stub_provider(const char *name);

#endif
