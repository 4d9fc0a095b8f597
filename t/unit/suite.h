/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_SUITE_H
#define AUTHP_TEST_SUITE_H

#include <check.h>

/* Prototypes of all suites: each file of tests includes this, so that -Wmissing-prototypes holds.
 */
#define AUTHP_SUITE(name) Suite *suite_##name(void);
#include "suites.h"
#undef AUTHP_SUITE

#endif
