/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WIPED_H
#define AUTHP_TEST_WIPED_H

#define WIPED_SECRET "correct horse battery"

/* Returns how many places that held WIPED_SECRET were wiped since the previous call. */
int wiped_count(void);
/* From now on wiped_count() counts places that held `text` instead. `text` must stay in memory.
 * NULL: WIPED_SECRET again. */
void wiped_watch(const char *text);
/* Returns the size in bytes of each place that was wiped since the previous call, whatever it held:
 * "64 64 32 ". */
const char *wiped_sizes(void);

#endif
