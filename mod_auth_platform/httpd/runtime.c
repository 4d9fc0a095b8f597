/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/runtime.h"

static authp_runtime_t *current;

authp_runtime_t *authp_runtime_get(void)
{
    return current;
}

void authp_runtime_set(authp_runtime_t *runtime)
{
    current = runtime;
}
