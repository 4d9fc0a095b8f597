/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hasher_bound.h"
#include "base/shm.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define MAX_SLOTS 64
#define QUEUE_PER_SLOT 4
#define KNOWN_SHARE 4 /* one in so many, on top */
#define MAX_KNOWN (MAX_SLOTS / KNOWN_SHARE)
#define MAX_PLACES ((1 + QUEUE_PER_SLOT) * MAX_SLOTS)
#define MAX_KNOWN_PLACES ((1 + QUEUE_PER_SLOT) * MAX_KNOWN)
/* A thread waits this long at one slot before it looks at the others again. */
#define PATIENCE_MS 10
/* A stranger who would wait longer is sent away at once. */
#define WORTH_WAITING_MS 2000

/* A robust mutex gives itself back when its holder dies; `holder` is only for counting, and a dead
 * one is not counted. */
typedef struct place_t {
    pthread_mutex_t mutex;
    atomic_int holder;
} place_t;

/* Strangers use the first `slots` and `places`; the known use all, where they wait their own first.
 */
struct authp_hasher_bound_t {
    int slots;
    int places; /* running and waiting */
    int known_slots;
    int known_places;
    atomic_int took_ms; /* a stranger's hash, lately; 0: none yet */
    place_t run[MAX_SLOTS + MAX_KNOWN];
    place_t admit[MAX_PLACES + MAX_KNOWN_PLACES];
};

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

int64_t authp_hasher_bound_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static authp_err_t make_places(place_t *places, int count)
{
    authp_err_t err = AUTHP_OK;
    for (int i = 0; err == AUTHP_OK && i < count; i++) {
        atomic_init(&places[i].holder, 0);
        err = authp_shm_mutex_init(&places[i].mutex);
    }
    return err;
}

authp_err_t authp_hasher_bound_make(int slots, int queue, authp_hasher_bound_t **out)
{
    void *memory = NULL;
    authp_err_t err = authp_shm_make(sizeof(authp_hasher_bound_t), &memory);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_hasher_bound_t *bound = memory;
    bound->slots = clamp(slots > 0 ? slots : (int)sysconf(_SC_NPROCESSORS_ONLN), 1, MAX_SLOTS);
    int waiting = queue > 0 ? queue : QUEUE_PER_SLOT * bound->slots;
    bound->places = clamp(bound->slots + waiting, 1, MAX_PLACES);
    bound->known_slots = clamp(bound->slots / KNOWN_SHARE, 1, MAX_KNOWN);
    bound->known_places = (1 + QUEUE_PER_SLOT) * bound->known_slots;
    atomic_init(&bound->took_ms, 0);
    err = make_places(bound->run, bound->slots + bound->known_slots);
    if (err == AUTHP_OK) {
        err = make_places(bound->admit, bound->places + bound->known_places);
    }
    if (err == AUTHP_OK) {
        *out = bound;
    }
    return err;
}

int authp_hasher_bound_slots(const authp_hasher_bound_t *bound, authp_hash_for_t who)
{
    return bound->slots + (who == AUTHP_HASH_KNOWN ? bound->known_slots : 0);
}

static bool take(place_t *place)
{
    if (!authp_shm_mutex_try(&place->mutex, NULL)) {
        return false;
    }
    atomic_store_explicit(&place->holder, (int)getpid(), memory_order_relaxed);
    return true;
}

static void give(place_t *place)
{
    atomic_store_explicit(&place->holder, 0, memory_order_relaxed);
    authp_shm_mutex_unlock(&place->mutex);
}

/* Trying the locks would disturb those who want them. */
static int count_held(const place_t *places, int count)
{
    int held = 0;
    for (int i = 0; i < count; i++) {
        int holder = atomic_load_explicit(&places[i].holder, memory_order_relaxed);
        held += holder != 0 && (kill(holder, 0) == 0 || errno == EPERM);
    }
    return held;
}

/* One of `count` places from `from` on; -1 if all are taken. */
static int take_any(place_t *places, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        if (take(&places[i])) {
            return i;
        }
    }
    return -1;
}

/* Who has just come in would wait for all before them, `slots` at a time. */
static bool is_worth_waiting(const authp_hasher_bound_t *bound)
{
    int64_t took = atomic_load_explicit(&bound->took_ms, memory_order_relaxed);
    if (took * (bound->places - bound->slots) <= (int64_t)WORTH_WAITING_MS * bound->slots) {
        return true;
    }
    int64_t waiting = count_held(bound->admit, bound->places) - bound->slots;
    return waiting <= 0 || took * waiting <= (int64_t)WORTH_WAITING_MS * bound->slots;
}

int authp_hasher_bound_admit(authp_hasher_bound_t *bound, authp_hash_for_t who)
{
    int place =
        who == AUTHP_HASH_KNOWN ? take_any(bound->admit, bound->places, bound->known_places) : -1;
    if (place >= 0) {
        return place;
    }
    place = take_any(bound->admit, 0, bound->places);
    if (place >= 0 && who == AUTHP_HASH_STRANGER && !is_worth_waiting(bound)) {
        give(&bound->admit[place]);
        place = -1;
    }
    return place;
}

void authp_hasher_bound_leave(authp_hasher_bound_t *bound, int place)
{
    give(&bound->admit[place]);
}

/* Wherever the thread waits in vain it takes the next place a little later. */
int authp_hasher_bound_run(authp_hasher_bound_t *bound, authp_hash_for_t who, int first,
                           int64_t deadline_ms)
{
    for (unsigned int turn = (unsigned int)first;; turn++) {
        int general = (int)(turn % (unsigned int)bound->slots);
        int slot = take_any(bound->run, general, bound->slots - general);
        if (slot < 0) {
            slot = take_any(bound->run, 0, general);
        }
        if (slot < 0 && who == AUTHP_HASH_KNOWN) {
            slot = take_any(bound->run, bound->slots, bound->known_slots);
        }
        if (slot >= 0) {
            return slot;
        }
        if (authp_hasher_bound_now() >= deadline_ms) {
            return -1;
        }
        place_t *place = &bound->run[general];
        if (authp_shm_mutex_lock(&place->mutex, PATIENCE_MS, NULL) == AUTHP_OK) {
            atomic_store_explicit(&place->holder, (int)getpid(), memory_order_relaxed);
            return general;
        }
    }
}

/* Those who wait for a slot in another process have been woken when it was given; without a pause
 * the one who gave it has it again before they run, and again. */
static void let_others(const authp_hasher_bound_t *bound)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    if (count_held(bound->admit, bound->places + bound->known_places) > bound->slots) {
        nanosleep(&pause, NULL);
    }
}

/* A sliding mean: it follows what the machine can do just now. */
void authp_hasher_bound_done(authp_hasher_bound_t *bound, int slot, int64_t took_ms)
{
    int before = atomic_load_explicit(&bound->took_ms, memory_order_relaxed);
    int took = took_ms < INT32_MAX ? (int)took_ms : INT32_MAX;
    if (took > 0) {
        int after = before == 0 ? took : before + (took - before) / 4;
        atomic_store_explicit(&bound->took_ms, after, memory_order_relaxed);
    }
    give(&bound->run[slot]);
    let_others(bound);
}

void authp_hasher_load(const authp_hasher_bound_t *bound, int *running, int *waiting)
{
    int run = count_held(bound->run, bound->slots + bound->known_slots);
    int admitted = count_held(bound->admit, bound->places + bound->known_places);
    *running = run;
    *waiting = admitted > run ? admitted - run : 0;
}
