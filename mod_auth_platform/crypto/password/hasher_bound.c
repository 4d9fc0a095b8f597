/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/hasher_bound.h"
#include "base/shm.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define MAX_SLOTS 64
/* The number of places that can be counted. is_in_time() limits how many of them are used. */
#define MAX_PLACES 1024
#define KNOWN_SHARE 4 /* known callers have a quarter more slots */
#define MAX_KNOWN (MAX_SLOTS / KNOWN_SHARE)
#define KNOWN_QUEUE_PER_SLOT 4
#define MAX_KNOWN_PLACES ((1 + KNOWN_QUEUE_PER_SLOT) * MAX_KNOWN)
/* A thread waits this long at one slot before it looks at the others again. */
#define PATIENCE_MS 10
/* A caller is refused only if the whole line would take longer than this. */
#define IN_TIME_MS 5000
/* The measurement at start: hashes of this cost take about 4 ms each. */
#define PROBE_COST 6
#define PROBES 3

/* The mutex is robust: it becomes free when its holder dies. `holder` is only for counting. A
 * holder that has died is not counted. */
typedef struct place_t {
    pthread_mutex_t mutex;
    atomic_int holder;
} place_t;

/* Strangers use the first `slots` slots and `places` places. Known callers use all of them. They
 * take their own places first, and their own slots last. */
struct authp_hasher_bound_t {
    int slots;
    int places; /* running and waiting */
    int known_slots;
    int known_places;
    atomic_int most;     /* how many of `places` may be taken */
    atomic_int reach;    /* how many may be held: the largest `most` there was */
    atomic_int took_ms;  /* mean time of strangers' latest hashes; 0: not known */
    atomic_int quiet_us; /* time of a hash on an idle machine; 0: not known */
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

static int count_slots(int wanted)
{
    return clamp(wanted > 0 ? wanted : (int)sysconf(_SC_NPROCESSORS_ONLN), 1, MAX_SLOTS);
}

static int count_known(int slots)
{
    return clamp(slots / KNOWN_SHARE, 1, MAX_KNOWN);
}

int authp_hasher_bound_all_slots(int slots)
{
    int general = count_slots(slots);
    return general + count_known(general);
}

authp_err_t authp_hasher_bound_make(int slots, int queue, authp_hasher_bound_t **out)
{
    void *memory = NULL;
    authp_err_t err = authp_shm_make(sizeof(authp_hasher_bound_t), &memory);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_hasher_bound_t *bound = memory;
    bound->slots = count_slots(slots);
    bound->places = queue > 0 ? clamp(bound->slots + queue, 1, MAX_PLACES) : MAX_PLACES;
    bound->known_slots = count_known(bound->slots);
    bound->known_places = (1 + KNOWN_QUEUE_PER_SLOT) * bound->known_slots;
    atomic_init(&bound->most, bound->places);
    atomic_init(&bound->reach, 0);
    atomic_init(&bound->took_ms, 0);
    atomic_init(&bound->quiet_us, 0);
    err = make_places(bound->run, bound->slots + bound->known_slots);
    if (err == AUTHP_OK) {
        err = make_places(bound->admit, bound->places + bound->known_places);
    }
    if (err == AUTHP_OK) {
        *out = bound;
    }
    return err;
}

/* Processor time of one hash, in microseconds. Time of other threads does not count. */
static int64_t time_one(const char *hash)
{
    bool match = false;
    struct timespec began;
    struct timespec ended;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
    authp_err_t err = authp_foreign_verify("x", 1, hash, &match);
    (void)err; /* without memory for the hash the time is too short, and no other one is known */
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
    return (int64_t)(ended.tv_sec - began.tv_sec) * 1000000 +
           (ended.tv_nsec - began.tv_nsec) / 1000;
}

int authp_hasher_bound_probe(const authp_scheme_t *scheme)
{
    int64_t least = INT32_MAX;
    int cost = scheme->rounds;
    for (int i = 0; i < PROBES; i++) {
        int64_t took = time_one(scheme->argon2id ? authp_scheme_dummy(scheme)
                                                 : authp_bcrypt_dummy(PROBE_COST));
        least = took < least ? took : least;
    }
    if (scheme->argon2id) {
        return (int)least;
    }
    /* Each step of the cost doubles the time. */
    int64_t whole =
        cost >= PROBE_COST ? least << (cost - PROBE_COST) : least >> (PROBE_COST - cost);
    return (int)(whole < INT32_MAX ? whole : INT32_MAX);
}

static int round_up_ms(int us)
{
    return us / 1000 + (us % 1000 != 0);
}

void authp_hasher_bound_assume(authp_hasher_bound_t *bound, int took_us)
{
    atomic_store_explicit(&bound->quiet_us, took_us, memory_order_relaxed);
    atomic_store_explicit(&bound->took_ms, round_up_ms(took_us), memory_order_relaxed);
}

int authp_hasher_bound_quiet_us(const authp_hasher_bound_t *bound)
{
    return atomic_load_explicit(&bound->quiet_us, memory_order_relaxed);
}

void authp_hasher_bound_limit(authp_hasher_bound_t *bound, int most)
{
    int usable = clamp(most, bound->slots, bound->places);
    atomic_store_explicit(&bound->most, usable, memory_order_relaxed);
    if (usable > atomic_load_explicit(&bound->reach, memory_order_relaxed)) {
        atomic_store_explicit(&bound->reach, usable, memory_order_relaxed);
    }
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

static bool is_alive(int holder)
{
    return kill(holder, 0) == 0 || errno == EPERM;
}

/* The holders are read, because trying the locks would disturb callers that want them. Many places
 * in a row are held by threads of one process, so each process is checked once. */
static int count_held(const place_t *places, int count)
{
    int held = 0;
    int last = 0;
    bool alive = false;
    for (int i = 0; i < count; i++) {
        int holder = atomic_load_explicit(&places[i].holder, memory_order_relaxed);
        if (holder != 0 && holder != last) {
            alive = is_alive(holder);
            last = holder;
        }
        held += holder != 0 && alive;
    }
    return held;
}

/* Takes one of `count` places, beginning at `from`. -1 if all are taken. */
static int take_any(place_t *places, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        if (take(&places[i])) {
            return i;
        }
    }
    return -1;
}

static int count_usable(const authp_hasher_bound_t *bound)
{
    return atomic_load_explicit(&bound->most, memory_order_relaxed);
}

/* After a reload that lowers `most`, old children may still hold places above it. The places that
 * nobody ever could take are not looked at: this runs for each stranger in a flood. */
static int count_line(const authp_hasher_bound_t *bound)
{
    int reach = atomic_load_explicit(&bound->reach, memory_order_relaxed);
    return count_held(bound->admit, reach > 0 ? reach : bound->places);
}

/* True if the whole line, with the newest caller, would be done within IN_TIME_MS. A caller that
 * finds a free slot is always in time. */
static bool is_in_time(authp_hasher_bound_t *bound)
{
    int line = count_line(bound);
    int64_t took = atomic_load_explicit(&bound->took_ms, memory_order_relaxed);
    int quiet = round_up_ms(authp_hasher_bound_quiet_us(bound));
    if (line <= 1 && quiet > 0 && took > quiet) {
        /* The latest hashes were slow because the server was busy. It is not busy any more. */
        atomic_store_explicit(&bound->took_ms, quiet, memory_order_relaxed);
        took = quiet;
    }
    return line <= bound->slots || took * line <= (int64_t)IN_TIME_MS * bound->slots;
}

int authp_hasher_bound_line(const authp_hasher_bound_t *bound, authp_hash_for_t who)
{
    int known =
        who == AUTHP_HASH_KNOWN ? count_held(bound->admit + bound->places, bound->known_places) : 0;
    return count_line(bound) + known;
}

int64_t authp_hasher_bound_drain_ms(const authp_hasher_bound_t *bound, int more)
{
    int64_t took = atomic_load_explicit(&bound->took_ms, memory_order_relaxed);
    return took * (authp_hasher_bound_line(bound, AUTHP_HASH_STRANGER) + more) / bound->slots;
}

int authp_hasher_bound_admit(authp_hasher_bound_t *bound, authp_hash_for_t who)
{
    int place =
        who == AUTHP_HASH_KNOWN ? take_any(bound->admit, bound->places, bound->known_places) : -1;
    if (place >= 0) {
        return place;
    }
    place = take_any(bound->admit, 0, count_usable(bound));
    if (place >= 0 && !is_in_time(bound)) {
        give(&bound->admit[place]);
        place = -1;
    }
    return place;
}

void authp_hasher_bound_leave(authp_hasher_bound_t *bound, int place)
{
    give(&bound->admit[place]);
}

/* Each time a thread has waited in vain at one slot, it waits at the next one. */
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

/* Threads of other processes that wait for a slot have been woken when it was given back. Without a
 * pause this thread would take the slot again before they run. */
static void let_others(const authp_hasher_bound_t *bound)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    if (authp_hasher_bound_line(bound, AUTHP_HASH_KNOWN) > bound->slots) {
        nanosleep(&pause, NULL);
    }
}

/* The estimate is a sliding mean, so it follows the present speed of the machine. */
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
