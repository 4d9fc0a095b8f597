/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_CONF_FAKE_H
#define AUTHP_TEST_CONF_FAKE_H

#include "httpd_fake.h"

#include <util_cfgtree.h>

/* Makes the tree that httpd makes of a configuration: one directive or section a line, without
 * Include. `file` is the name of the file that the text is of. Sets ap_conftree. */
void conf_fake_read(const char *file, const char *text);
/* The same for a further file, whose directives follow. */
void conf_fake_read_more(const char *file, const char *text);

/* The lines, each with a newline after it. */
const char *conf_fake_lines(const apr_array_header_t *lines);

#endif
