/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from columns_fixture.c, because the in-memory store needs it in programs without Check. */
#include "columns_fixture.h"
#include "store/model.h"

#include <stdalign.h>

size_t columns_fixture_size(authp_column_kind_t kind)
{
    switch (kind) {
    case AUTHP_COLUMN_ID:
        return sizeof(authp_id_t);
    case AUTHP_COLUMN_BOOL:
        return sizeof(bool);
    case AUTHP_COLUMN_SALT:
        return AUTHP_SALT_LEN;
    case AUTHP_COLUMN_INT:
    case AUTHP_COLUMN_TIME:
        return sizeof(int64_t);
    default:
        return sizeof(void *);
    }
}

size_t columns_fixture_align(authp_column_kind_t kind)
{
    switch (kind) {
    case AUTHP_COLUMN_ID:
    case AUTHP_COLUMN_SALT:
        return 1;
    case AUTHP_COLUMN_BOOL:
        return alignof(bool);
    case AUTHP_COLUMN_INT:
    case AUTHP_COLUMN_TIME:
        return alignof(int64_t);
    default:
        return alignof(void *);
    }
}
