/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MODULE_H
#define AUTHP_HTTPD_MODULE_H

#include <httpd.h>

#include <http_config.h>
#include <http_log.h>

/* Each file of httpd/ that owns hooks has one authp_<file>_register(), called by
 * mod_auth_platform.c. The module struct is written out there: AP_DECLARE_MODULE would define the
 * log index a second time. */
extern module AP_MODULE_DECLARE_DATA auth_platform_module;
APLOG_USE_MODULE(auth_platform);

#endif
