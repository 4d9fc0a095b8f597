/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_NAPS_H
#define AUTHP_TEST_NAPS_H

#include <stdbool.h>
#include <stdint.h>

/* Notes each apr_sleep() of the test program from now on. `skip`: they end at once. */
void naps_begin(bool skip);
/* Lets them sleep again. *count (may be NULL) is their number. Returns the sum of their times, in
 * microseconds. */
int64_t naps_end(int *count);

#endif
