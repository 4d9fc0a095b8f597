/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_SUITE_H
#define AUTHP_TEST_SUITE_H

#include <check.h>

/* Declares all suites. Each test file includes this header, because -Wmissing-prototypes requires a
 * prototype. */
#define AUTHP_SUITE(name) Suite *suite_##name(void);
#include "suites.h"
#undef AUTHP_SUITE

#endif
