/* SPDX-License-Identifier: Apache-2.0 */
#include "openssl_thread.h"

#include <check.h>
#include <stddef.h>

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

static OSSL_LIB_CTX *library;
static OSSL_PROVIDER *provider;
static const OSSL_CORE_HANDLE *core;
static OSSL_FUNC_core_thread_start_fn *thread_start;
static void (*told)(void);

static void end_provider(void *data)
{
    (void)data;
}

static int begin_provider(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                          const OSSL_DISPATCH **out, void **data)
{
    static const OSSL_DISPATCH own[] = {{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))end_provider},
                                        {0, NULL}};
    for (; in->function_id != 0; in++) {
        if (in->function_id == OSSL_FUNC_CORE_THREAD_START) {
            thread_start = OSSL_FUNC_core_thread_start(in);
        }
    }
    core = handle;
    *out = own;
    *data = &core;
    return 1;
}

static void tell(void *data)
{
    (void)data;
    told();
}

void openssl_thread_open(void (*freed)(void))
{
    told = freed;
    library = OSSL_LIB_CTX_new();
    ck_assert_int_eq(OSSL_PROVIDER_add_builtin(library, "authp-test", begin_provider), 1);
    provider = OSSL_PROVIDER_load(library, "authp-test");
    ck_assert_ptr_nonnull(provider);
    ck_assert(thread_start != NULL);
}

void openssl_thread_use(void)
{
    ck_assert_int_eq(thread_start(core, tell, &core), 1);
}

void openssl_thread_close(void)
{
    OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(library);
}
