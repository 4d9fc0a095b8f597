/* SPDX-License-Identifier: Apache-2.0 */
/* A child must end at once when httpd frees its pools if a signal interrupted it in the middle of
 * work (prefork) or of its start. All other children free their pools as usual. */
#include "httpd_fake_io.h"
#include "httpd_fake_start.h"
#include "suite.h"

#include "base/clock.h"
#include "base/shm.h"
#include "base/thread.h"
#include "httpd/child_exit.h"
#include "httpd/mail_task.h"
#include "httpd/maintain.h"
#include "httpd/runtime.h"
#include "service/settings/mail_url.h"

#include <scoreboard.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLEANED_UP 7 /* exit status of a child whose pools were freed as usual */
#define TOO_LATE 8   /* exit status of a child that started so slowly that it counts as settled */
#define SETTLE_MS 100
#define SETTLED_US ((SETTLE_MS + 30) * 1000)

static int slot;
static worker_score score;

int ap_find_child_by_pid(apr_proc_t *child)
{
    ck_assert_int_eq(child->pid, getpid());
    return slot;
}

worker_score *ap_get_scoreboard_worker_from_indexes(int child, int thread)
{
    ck_assert_int_eq(child, 3);
    ck_assert_int_eq(thread, 0);
    return &score;
}

static void set_up(void)
{
    httpd_fake_open();
    fake_start_open();
    authp_child_exit_register(fake.f.pool);
    ck_assert_int_eq(fake_start.order.child_stopping, APR_HOOK_REALLY_FIRST);
    ck_assert_int_eq(fake_start.order.drop_privileges, APR_HOOK_REALLY_FIRST);
    ck_assert_int_eq(fake_start.order.child_init, APR_HOOK_REALLY_LAST);
    ck_assert_int_eq(fake_start.order.create_connection, APR_HOOK_REALLY_FIRST);
    fake_io_open();
    slot = 3;
    score.status = SERVER_READY;
}

static void tear_down(void)
{
    httpd_fake_close();
}

/* How far a child has come, and what ends it. */
typedef struct life_t {
    const char *name;
    int threaded;
    bool begun;      /* the hooks of child_init have begun */
    bool ready;      /* httpd has reported that the child is ready */
    bool settled;    /* the child has been ready for a while */
    int connections; /* how many connections it has had */
    bool open;       /* the latest of them is still open */
    int status;      /* its status in the scoreboard */
    int slot;        /* its slot in the scoreboard; -1: none */
    /* the signal whose handler runs; 0: the pools are freed outside of a handler */
    int signal;
    bool ends; /* it is ended at once after its start */
} life_t;

static const life_t lives[] = {
    {"waits", AP_MPMQ_NOT_SUPPORTED, true, true, true, 0, false, SERVER_READY, 3, SIGTERM, false},
    {"waits after one", AP_MPMQ_NOT_SUPPORTED, true, true, true, 1, false, SERVER_READY, 3, SIGTERM,
     false},
    {"waits after three", AP_MPMQ_NOT_SUPPORTED, true, true, true, 3, false, SERVER_READY, 3,
     SIGHUP, false},
    {"has one", AP_MPMQ_NOT_SUPPORTED, true, true, true, 1, true, SERVER_READY, 3, SIGTERM, true},
    {"has another one", AP_MPMQ_NOT_SUPPORTED, true, true, true, 2, true, SERVER_READY, 3, SIGTERM,
     true},
    {"is busy", AP_MPMQ_NOT_SUPPORTED, true, true, true, 1, false, SERVER_BUSY_WRITE, 3, SIGTERM,
     true},
    {"starts", AP_MPMQ_NOT_SUPPORTED, true, false, true, 0, false, SERVER_READY, 3, SIGTERM, true},
    {"has just started", AP_MPMQ_NOT_SUPPORTED, true, true, false, 0, false, SERVER_READY, 3,
     SIGTERM, true},
    {"is not listed", AP_MPMQ_NOT_SUPPORTED, true, true, true, 0, false, SERVER_READY, -1, SIGTERM,
     true},
    {"by SIGHUP", AP_MPMQ_NOT_SUPPORTED, true, true, true, 1, true, SERVER_READY, 3, SIGHUP, true},
    {"by SIGINT", AP_MPMQ_NOT_SUPPORTED, true, true, true, 1, true, SERVER_READY, 3, SIGINT, true},
    {"by itself", AP_MPMQ_NOT_SUPPORTED, true, true, true, 1, true, SERVER_BUSY_WRITE, 3, 0, false},
    {"has not begun", AP_MPMQ_NOT_SUPPORTED, false, false, false, 0, false, SERVER_READY, 3,
     SIGTERM, true},
    {"by itself, early", AP_MPMQ_NOT_SUPPORTED, true, false, false, 0, false, SERVER_READY, 3, 0,
     false},
    {"threads", AP_MPMQ_STATIC, true, true, true, 1, true, SERVER_BUSY_WRITE, 3, SIGTERM, false},
    {"more threads", AP_MPMQ_DYNAMIC, true, false, true, 0, false, SERVER_READY, 3, SIGTERM, false},
    {"threads that start", AP_MPMQ_STATIC, true, false, true, 0, false, SERVER_READY, 3, SIGTERM,
     false},
    {"threads, not begun", AP_MPMQ_STATIC, false, false, true, 0, false, SERVER_READY, 3, SIGTERM,
     true},
    {"more threads, not begun", AP_MPMQ_DYNAMIC, false, false, true, 0, false, SERVER_READY, 3,
     SIGTERM, true},
    {"threads, not begun, by itself", AP_MPMQ_STATIC, false, false, true, 0, false, SERVER_READY, 3,
     0, false},
};

static void live(const life_t *life)
{
    apr_pool_t *pchild = NULL;
    apr_pool_t *connection = NULL;
    sigset_t signals;
    fake_io.mpm[AP_MPMQ_IS_THREADED] = life->threaded;
    slot = life->slot;
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    apr_pool_create(&pchild, NULL);
    if (fake_start.drop_privileges(pchild, &fake.main) != DECLINED) {
        _exit(1);
    }
    if (life->begun) {
        fake_start.child_begins(pchild, &fake.main);
    }
    if (life->ready) {
        fake_start.child_init(pchild, &fake.main);
    }
    for (int i = 0; i < life->connections; i++) {
        apr_pool_create(&connection, pchild);
        if (fake_start.create_connection(connection, &fake.main, NULL, 0, NULL, NULL) != NULL) {
            _exit(2); /* the next module is to make it */
        }
        if (!life->open || i + 1 < life->connections) {
            apr_pool_destroy(connection);
        }
    }
    score.status = (unsigned char)life->status;
    (void)usleep(life->settled ? SETTLED_US : 0);
    sigemptyset(&signals);
    if (life->signal != 0) {
        sigaddset(&signals, life->signal);
    }
    sigprocmask(SIG_BLOCK, &signals, NULL);
    apr_pool_destroy(pchild);
    bool late = authp_clock_now(authp_clock_monotonic()) - began >= SETTLE_MS;
    _exit(late && !life->settled ? TOO_LATE : CLEANED_UP);
}

START_TEST(who_ends_at_once)
{
    int status = -1;
    do {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            live(&lives[_i]);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status));
    } while (WEXITSTATUS(status) == TOO_LATE);
    ck_assert_msg(WEXITSTATUS(status) == (lives[_i].ends ? 0 : CLEANED_UP), "%s: %d",
                  lives[_i].name, WEXITSTATUS(status));
}
END_TEST

/* How far a child has come when httpd calls child_stopping. */
typedef enum reached_t { FORKED, WITHOUT_US, HAS_POOL, STARTED } reached_t;

static const struct {
    const char *name;
    reached_t reached;
    int threaded;
    int signal; /* that is blocked, as in its handler; 0: none */
    bool ends;
} stops[] = {
    {"forked", FORKED, AP_MPMQ_STATIC, SIGTERM, true},
    {"forked, by SIGHUP", FORKED, AP_MPMQ_NOT_SUPPORTED, SIGHUP, true},
    {"forked, by itself", FORKED, AP_MPMQ_STATIC, 0, false},
    {"forked without us", WITHOUT_US, AP_MPMQ_STATIC, SIGTERM, false},
    {"has a pool", HAS_POOL, AP_MPMQ_STATIC, SIGTERM, true},
    {"has a pool, by itself", HAS_POOL, AP_MPMQ_STATIC, 0, false},
    {"threads", STARTED, AP_MPMQ_STATIC, SIGHUP, false}, /* they block signals all their life */
};

static void stop_at(reached_t reached, int threaded, int signal)
{
    apr_pool_t *pchild = NULL;
    sigset_t signals;
    fake_io.mpm[AP_MPMQ_IS_THREADED] = threaded;
    if (reached == WITHOUT_US) {
        authp_runtime_set(NULL);
    }
    if (reached >= HAS_POOL) {
        apr_pool_create(&pchild, NULL);
        (void)fake_start.drop_privileges(pchild, &fake.main);
    }
    if (reached == STARTED) {
        fake_start.child_begins(pchild, &fake.main);
    }
    sigemptyset(&signals);
    if (signal != 0) {
        sigaddset(&signals, signal);
    }
    sigprocmask(SIG_BLOCK, &signals, NULL);
    fake_start.child_stopping(pchild, 0);
    _exit(CLEANED_UP);
}

START_TEST(who_ends_before_exit)
{
    int status = -1;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        stop_at(stops[_i].reached, stops[_i].threaded, stops[_i].signal);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == (stops[_i].ends ? 0 : CLEANED_UP),
                  "%s: %d", stops[_i].name, status);
}
END_TEST

/* --- rounds of the watchdog meanwhile --------------------------------------------------------- */

#define STUCK_S 30
#define MAIL_MS 1500 /* how long a mail is waited for */

/* What the interrupted thread holds, or what another thread does. */
typedef enum work_t { ROUND_OF_UPKEEP, MAIL_THAT_ENDS, MAIL_THAT_STAYS, WORKS } work_t;

static atomic_bool *mail_noted; /* in memory that parent and child share */

/* A round of mails: it hears that the child ends, and notes what the mail server has said. */
static void *send_mail(void *data)
{
    (void)data;
    while (!atomic_load(&fake.runtime.mail_cancel)) {
        usleep(1000);
    }
    usleep(SETTLED_US);
    atomic_store(mail_noted, true);
    atomic_store(&fake.runtime.mail_busy, false);
    return NULL;
}

static void end_within(work_t work)
{
    apr_pool_t *pchild = NULL;
    pthread_t thread;
    sigset_t signals;
    fake_io.mpm[AP_MPMQ_IS_THREADED] = AP_MPMQ_NOT_SUPPORTED;
    apr_pool_create(&pchild, NULL);
    (void)fake_start.drop_privileges(pchild, &fake.main);
    if (work == ROUND_OF_UPKEEP) {
        authp_maintain_child(&fake.runtime, pchild);
        pthread_rwlock_rdlock(&fake.runtime.rounds);
    } else {
        fake.f.settings->mail_url = "smtp://127.0.0.1:25";
        fake.f.settings->mail_ca_file = "/nonexistent/ca.pem";
        fake.runtime.pool = pchild;
        authp_mail_task_child(&fake.runtime, pchild, &fake.main);
        atomic_store(&fake.runtime.mail_busy, true);
    }
    if (work == MAIL_THAT_ENDS && authp_thread_start(&thread, send_mail, NULL) != 0) {
        _exit(1);
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)alarm(STUCK_S); /* a wait without end */
    apr_pool_destroy(pchild);
    _exit(CLEANED_UP);
}

/* The interrupted thread may hold what a round needs, so its end waits for no round, and for a mail
 * only for a while. */
START_TEST(who_waits_for_a_round)
{
    static const authp_mail_url_t server = {.host = "127.0.0.1", .port = 25};
    int status = -1;
    void *shared = NULL;
    ck_assert_int_eq(authp_shm_make(sizeof(*mail_noted), &shared), AUTHP_OK);
    mail_noted = shared;
    fake.f.settings->mail_server = &server;
    fake.f.settings->public_host = "www.example.org";
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        end_within((work_t)_i);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    authp_ms_t took = authp_clock_now(authp_clock_monotonic()) - began;
    ck_assert(_i != MAIL_THAT_STAYS || (took >= MAIL_MS && took < 8 * MAIL_MS));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d: %d", _i, status);
    ck_assert_int_eq(atomic_load(mail_noted), _i == MAIL_THAT_ENDS);
}
END_TEST

Suite *suite_httpd_child_exit(void)
{
    Suite *suite = suite_create("httpd_child_exit");
    TCase *tests = tcase_create("httpd_child_exit");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, who_ends_at_once, 0, (int)(sizeof(lives) / sizeof(lives[0])));
    tcase_add_loop_test(tests, who_ends_before_exit, 0, (int)(sizeof(stops) / sizeof(stops[0])));
    tcase_add_loop_test(tests, who_waits_for_a_round, 0, WORKS);
    tcase_set_timeout(tests, 2 * STUCK_S);
    suite_add_tcase(suite, tests);
    return suite;
}
