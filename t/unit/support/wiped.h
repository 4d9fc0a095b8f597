/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WIPED_H
#define AUTHP_TEST_WIPED_H

#define WIPED_SECRET "correct horse battery"

/* Returns how many places that held WIPED_SECRET were wiped since the previous call. */
int wiped_count(void);

#endif
