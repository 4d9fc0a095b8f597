/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/module.h"

#include "httpd/authn.h"
#include "httpd/authz.h"
#include "httpd/cache_control.h"
#include "httpd/child_exit.h"
#include "httpd/child_pool.h"
#include "httpd/config.h"
#include "httpd/directives.h"
#include "httpd/handler.h"
#include "httpd/identity.h"
#include "httpd/lifecycle.h"
#include "httpd/mail_task.h"
#include "httpd/maintain.h"
#include "httpd/pace.h"
#include "httpd/refuse.h"
#include "httpd/require.h"
#include "httpd/scrub.h"

static void register_hooks(apr_pool_t *pool)
{
    authp_child_exit_register(pool);
    authp_child_pool_register(pool);
    authp_lifecycle_register(pool);
    authp_maintain_register(pool);
    authp_mail_task_register(pool);
    authp_scrub_register(pool);
    authp_handler_register(pool);
    authp_authn_register(pool);
    authp_authz_register(pool);
    authp_require_register(pool);
    authp_identity_register(pool);
    authp_refuse_register(pool);
    authp_cache_control_register(pool);
    authp_pace_register(pool);
}

module AP_MODULE_DECLARE_DATA auth_platform_module = {
    STANDARD20_MODULE_STUFF,
    authp_config_create_dir,
    authp_config_merge_dir,
    authp_config_create_server,
    authp_config_merge_server,
    authp_directives_table,
    register_hooks,
    AP_MODULE_FLAG_NONE,
};
