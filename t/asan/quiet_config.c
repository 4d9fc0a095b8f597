/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are made with the configuration, before the fork, belong to the configuration pool.
 * httpd's children leave that pool to exit(). So the leak checker shall not look for what
 * on_check_config() of httpd/lifecycle.c makes. The linker's option --wrap puts these functions
 * between the module and httpd, in the build with sanitizers. A suppression would need the whole
 * stack of each allocation, and the time for that is as long as that of all the rest. */
#include <httpd.h>

#include <http_config.h>

#include <sanitizer/lsan_interface.h>

typedef void hook_fn(ap_HOOK_check_config_t *function, const char *const *before,
                     const char *const *after, int order);

hook_fn wrapped __asm__("__wrap_ap_hook_check_config");
hook_fn real __asm__("__real_ap_hook_check_config");

static ap_HOOK_check_config_t *check;

static int check_quietly(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    __lsan_disable();
    int rc = check(pconf, plog, ptemp, server);
    __lsan_enable();
    return rc;
}

void wrapped(ap_HOOK_check_config_t *function, const char *const *before, const char *const *after,
             int order)
{
    check = function;
    real(check_quietly, before, after, order);
}
