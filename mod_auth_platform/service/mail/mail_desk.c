/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_desk.h"

#include "base/process.h"

#define DOUBLINGS_MOST 5

void authp_mail_desk_news(authp_mail_desk_t *desk)
{
    atomic_store(&desk->news, true);
}

static bool is_due(authp_mail_desk_t *desk, authp_ms_t now)
{
    return now >= atomic_load(&desk->pause_until) &&
           (atomic_load(&desk->news) || now >= atomic_load(&desk->look_at));
}

bool authp_mail_desk_take(authp_mail_desk_t *desk, authp_ms_t now)
{
    if (!is_due(desk, now)) {
        return false;
    }
    uint64_t holder = atomic_load(&desk->holder);
    if (holder != 0 && now < atomic_load(&desk->held_until) && !authp_process_is_gone(holder)) {
        return false;
    }
    /* held_until is set before `holder`, so that a process that reads the new holder also reads the
     * new time. If another process becomes the holder first, the lease of that process only becomes
     * longer by some milliseconds. */
    authp_mail_desk_keep(desk, now);
    return atomic_compare_exchange_strong(&desk->holder, &holder, authp_process_self());
}

void authp_mail_desk_keep(authp_mail_desk_t *desk, authp_ms_t now)
{
    atomic_store(&desk->held_until, now + AUTHP_MAIL_DESK_LEASE_MS);
}

void authp_mail_desk_give(authp_mail_desk_t *desk, authp_ms_t look_at)
{
    uint64_t self = authp_process_self();
    atomic_store(&desk->look_at, look_at);
    /* If the lease of this process has lapsed, another process may have it, and keeps it. */
    atomic_compare_exchange_strong(&desk->holder, &self, 0);
}

int authp_mail_desk_turn(authp_mail_desk_t *desk, authp_ms_t now)
{
    int64_t at = atomic_load(&desk->send_at);
    int64_t mine = now;
    do {
        mine = at > now ? at : now;
    } while (!atomic_compare_exchange_weak(&desk->send_at, &at, mine + AUTHP_MAIL_DESK_GAP_MS));
    return (int)(mine - now);
}

void authp_mail_desk_pause(authp_mail_desk_t *desk, authp_ms_t now)
{
    atomic_store(&desk->pause_until, now + AUTHP_MAIL_DESK_PAUSE_MS);
}

int authp_mail_desk_store(authp_mail_desk_t *desk, bool fails)
{
    if (!fails) {
        atomic_store(&desk->store_failures, 0);
        return AUTHP_MAIL_DESK_LOOK_MS;
    }
    int before = atomic_fetch_add(&desk->store_failures, 1);
    return AUTHP_MAIL_DESK_LOOK_MS << (before < DOUBLINGS_MOST ? before : DOUBLINGS_MOST);
}
