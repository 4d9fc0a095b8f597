/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_THREAD_MEMORY_H
#define AUTHP_CRYPTO_THREAD_MEMORY_H

/* Frees what OpenSSL keeps for the calling thread, such as random numbers. OpenSSL makes it again
 * when the thread needs it.
 *
 * Why: a child of httpd calls exit() and does not wait for the threads of mod_watchdog. exit()
 * frees what OpenSSL keeps for all threads, and the end of a thread frees that of the thread. If
 * both happen at the same time, the heap is corrupted. So a thread of mod_watchdog calls this
 * function after it used OpenSSL, before the child may call exit(). */
void authp_thread_memory_free(void);

#endif
