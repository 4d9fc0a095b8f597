/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_DETAIL_SHAPE_H
#define AUTHP_API_CORE_DETAIL_SHAPE_H

#include "api/core/profile.h"

/* Errors as FastAPI writes them: {"detail": TEXT, "code": CODE}. For wrong fields
 * {"detail": [{"loc": ["body", FIELD], "msg": TEXT, "type": CODE}]}, without a code. */
extern const authp_shape_t authp_detail_shape;

#endif
