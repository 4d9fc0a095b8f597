/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MODULE_H
#define AUTHP_HTTPD_MODULE_H

#include <httpd.h>

#include <http_config.h>
#include <http_log.h>

/* Each file of httpd/ with hooks has a function authp_<file>_register(), which mod_auth_platform.c
 * calls. The module struct is written out there, because AP_DECLARE_MODULE would define the log
 * index a second time. */
extern module AP_MODULE_DECLARE_DATA auth_platform_module;
APLOG_USE_MODULE(auth_platform);

#endif
