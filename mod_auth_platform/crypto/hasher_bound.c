/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hasher_bound.h"
#include "base/shm.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define MAX_SLOTS 64
#define MAX_PLACES (5 * MAX_SLOTS)
#define QUEUE_PER_SLOT 4
/* A thread waits this long at one slot before it looks at the others again. */
#define PATIENCE_MS 10

/* A robust mutex gives itself back when its holder dies; `holder` is only for counting, and a dead
 * one is not counted. */
typedef struct place_t {
    pthread_mutex_t mutex;
    atomic_int holder;
} place_t;

struct authp_hasher_bound_t {
    int slots;
    int places; /* running and waiting */
    place_t run[MAX_SLOTS];
    place_t admit[MAX_PLACES];
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
    err = make_places(bound->run, bound->slots);
    if (err == AUTHP_OK) {
        err = make_places(bound->admit, bound->places);
    }
    if (err == AUTHP_OK) {
        *out = bound;
    }
    return err;
}

int authp_hasher_bound_slots(const authp_hasher_bound_t *bound)
{
    return bound->slots;
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

int authp_hasher_bound_admit(authp_hasher_bound_t *bound)
{
    for (int i = 0; i < bound->places; i++) {
        if (take(&bound->admit[i])) {
            return i;
        }
    }
    return -1;
}

void authp_hasher_bound_leave(authp_hasher_bound_t *bound, int place)
{
    give(&bound->admit[place]);
}

int authp_hasher_bound_run(authp_hasher_bound_t *bound, int first, int64_t deadline_ms)
{
    for (;;) {
        for (int i = 0; i < bound->slots; i++) {
            int slot = (first + i) % bound->slots;
            if (take(&bound->run[slot])) {
                return slot;
            }
        }
        if (authp_hasher_bound_now() >= deadline_ms) {
            return -1;
        }
        place_t *place = &bound->run[first % bound->slots];
        if (authp_shm_mutex_lock(&place->mutex, PATIENCE_MS, NULL) == AUTHP_OK) {
            atomic_store_explicit(&place->holder, (int)getpid(), memory_order_relaxed);
            return first % bound->slots;
        }
    }
}

void authp_hasher_bound_done(authp_hasher_bound_t *bound, int slot)
{
    give(&bound->run[slot]);
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

void authp_hasher_load(const authp_hasher_bound_t *bound, int *running, int *waiting)
{
    int run = count_held(bound->run, bound->slots);
    int admitted = count_held(bound->admit, bound->places);
    *running = run;
    *waiting = admitted > run ? admitted - run : 0;
}
