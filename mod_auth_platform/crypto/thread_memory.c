/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/thread_memory.h"

#include <openssl/crypto.h>

void authp_thread_memory_free(void)
{
    OPENSSL_thread_stop();
}
