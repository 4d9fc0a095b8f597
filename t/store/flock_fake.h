/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FLOCK_FAKE_H
#define AUTHP_TEST_FLOCK_FAKE_H

/* Replaces flock() of the C library in the test program. */

/* The file that is removed right before the next lock in shared mode; NULL: none. */
extern const char *flock_fake_removes;
/* How many of the next locks in shared mode are refused, as if another process had the file locked
 * in exclusive mode. */
extern int flock_fake_refuses;

#endif
