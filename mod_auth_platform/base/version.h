/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_VERSION_H
#define AUTHP_BASE_VERSION_H

#define AUTHP_VERSION "0.1.0"

#endif
