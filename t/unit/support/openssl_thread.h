/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_OPENSSL_THREAD_H
#define AUTHP_TEST_OPENSSL_THREAD_H

/* Something that OpenSSL keeps for a thread, of a provider that belongs to the test. */

/* Calls `freed` in the thread that uses the provider, when OpenSSL frees what it keeps for that
 * thread. */
void openssl_thread_open(void (*freed)(void));
/* The calling thread uses the provider. */
void openssl_thread_use(void);
void openssl_thread_close(void);

#endif
