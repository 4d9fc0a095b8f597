/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_PROBLEM_SHAPE_H
#define AUTHP_API_CORE_PROBLEM_SHAPE_H

#include "api/core/profile.h"

/* Errors as RFC 9457 problem documents; answers as the handlers make them. */
extern const authp_shape_t authp_problem_shape;

#endif
