/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_fixture.h"

#include "base/log.h"
#include "suite.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tool's own files, with another realm, store and main(). */
#define authp_realm_make make_realm
#define authp_realm_store choose_store
#define authp_store_open open_own_store
#define authp_store_measure_clock measure_clock
#define umask note_umask

static authp_err_t make_realm(const authp_settings_t *settings, authp_realm_t **out,
                              apr_pool_t *pool);
static authp_err_t choose_store(const authp_settings_t *settings, const authp_store_ops_t **ops,
                                authp_store_config_t *config, const char **error, apr_pool_t *pool);
static authp_err_t open_own_store(const authp_store_ops_t *ops, const authp_store_config_t *config,
                                  authp_store_t **out, apr_pool_t *pool);
static authp_err_t measure_clock(authp_store_t *store, const authp_clock_t *clock,
                                 apr_pool_t *pool);
static mode_t note_umask(mode_t mask);
int cli_fixture_main(int argc, const char *const *argv);

#include "cli/context.c"
#define main cli_fixture_main
#include "cli/main.c"
#undef main
#undef authp_realm_make
#undef authp_realm_store
#undef authp_store_open
#undef authp_store_measure_clock
#undef umask

#define WORDS_MOST 24

cli_fixture_t cli_fixture;

static int kept[3] = {-1, -1, -1}; /* the streams before cli_fixture_catch() */

static authp_err_t make_realm(const authp_settings_t *settings, authp_realm_t **out,
                              apr_pool_t *pool)
{
    authp_err_t err = authp_realm_make(settings, out, pool);
    if (err == AUTHP_OK) {
        (*out)->clock = &cli_fixture.f.clock.clock;
    }
    return err;
}

static const char *place_of(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config;
    return apr_pstrdup(pool, "in memory");
}

static authp_err_t choose_store(const authp_settings_t *settings, const authp_store_ops_t **ops,
                                authp_store_config_t *config, const char **error, apr_pool_t *pool)
{
    static authp_store_ops_t own;
    authp_err_t err = authp_realm_store(settings, ops, config, error, pool);
    if (err == AUTHP_OK && !cli_fixture.own_store) {
        own = mem_store_ops;
        own.place = place_of;
        *ops = &own;
    }
    return err;
}

static authp_err_t open_own_store(const authp_store_ops_t *ops, const authp_store_config_t *config,
                                  authp_store_t **out, apr_pool_t *pool)
{
    cli_fixture.opened++;
    cli_fixture.config = *config;
    if (cli_fixture.own_store) {
        return authp_store_open(ops, config, out, pool);
    }
    *out = cli_fixture.f.store;
    return AUTHP_OK;
}

static authp_err_t measure_clock(authp_store_t *store, const authp_clock_t *clock, apr_pool_t *pool)
{
    cli_fixture.measured++;
    return authp_store_measure_clock(store, clock, pool);
}

static mode_t note_umask(mode_t mask)
{
    mode_t before = cli_fixture.umask;
    cli_fixture.umask = mask;
    return before;
}

/* --- streams ---------------------------------------------------------------------------------- */
static FILE *stream_of(int number)
{
    return number == STDOUT_FILENO ? stdout : stderr;
}

static const char *name_of_stream(int number)
{
    static const char *const names[] = {"in", "out", "err"};
    return apr_pstrcat(cli_fixture.f.pool, cli_fixture.folder, "/", names[number], NULL);
}

/* A terminal on which nobody types, and which nobody reads. */
static int open_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    return open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void replace(int number, int flags)
{
    bool terminal = (cli_fixture.terminals >> number & 1U) != 0;
    int fd = terminal ? open_terminal() : open(name_of_stream(number), flags | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    kept[number] = dup(number);
    ck_assert_int_eq(dup2(fd, number), number);
    close(fd);
}

static void restore(int number)
{
    ck_assert_int_eq(dup2(kept[number], number), number);
    close(kept[number]);
    kept[number] = -1;
}

static const char *read_file(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert(fd >= 0 && fstat(fd, &info) == 0);
    char *text = apr_pcalloc(cli_fixture.f.pool, (apr_size_t)info.st_size + 1);
    ck_assert_int_eq(read(fd, text, (size_t)info.st_size), (ssize_t)info.st_size);
    close(fd);
    return text;
}

void cli_fixture_catch(int stream)
{
    fflush(stream_of(stream));
    replace(stream, O_RDWR | O_CREAT | O_TRUNC);
}

const char *cli_fixture_caught(int stream)
{
    fflush(stream_of(stream));
    restore(stream);
    return (cli_fixture.terminals >> stream & 1U) != 0 ? "" : read_file(name_of_stream(stream));
}

/* --- the tool --------------------------------------------------------------------------------- */
const char *cli_fixture_file(const char *name, const char *text)
{
    const char *path = apr_pstrcat(cli_fixture.f.pool, cli_fixture.folder, "/", name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

void cli_fixture_set(const char *line)
{
    const char *text = read_file(cli_fixture.env_file);
    (void)cli_fixture_file("env", apr_pstrcat(cli_fixture.f.pool, text, line, "\n", NULL));
}

void cli_fixture_open(void)
{
    cli_fixture = (cli_fixture_t){.folder = "/tmp/authp-cli-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(cli_fixture.folder));
    fixture_open(&cli_fixture.f);
    cli_fixture.env_file = cli_fixture_file("env", "");
    cli_fixture_set("JWT_SECRET_KEY=" FIXTURE_SECRET "\nBCRYPT_ROUNDS=4\nAUTH_STORE=sqlite");
    cli_fixture_set(apr_pstrcat(cli_fixture.f.pool, "AUTH_STATE_DIR=", cli_fixture.folder, NULL));
}

static void remove_folder(const char *path)
{
    apr_dir_t *folder = NULL;
    apr_finfo_t entry;
    apr_pool_t *pool = cli_fixture.f.pool;
    ck_assert_int_eq(apr_dir_open(&folder, path, pool), APR_SUCCESS);
    while (apr_dir_read(&entry, APR_FINFO_NAME, folder) == APR_SUCCESS) {
        const char *inner = apr_pstrcat(pool, path, "/", entry.name, NULL);
        if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0 && remove(inner) != 0) {
            remove_folder(inner);
        }
    }
    apr_dir_close(folder);
    ck_assert_int_eq(rmdir(path), 0);
}

void cli_fixture_close(void)
{
    remove_folder(cli_fixture.folder);
    fixture_close(&cli_fixture.f);
}

cli_answer_t cli_fixture_run(const char *line, const char *input)
{
    char *last = NULL;
    int argc = 0;
    cli_answer_t answer = {.out = "", .err = ""};
    const char *argv[WORDS_MOST] = {"authplatform", "--env-file", cli_fixture.env_file};
    char *words = apr_pstrdup(cli_fixture.f.pool, line);
    argc = cli_fixture.env_file != NULL ? 3 : 1;
    argv[argc] = NULL;
    for (char *each = apr_strtok(words, " ", &last); each != NULL;
         each = apr_strtok(NULL, " ", &last)) {
        ck_assert_int_lt(argc, WORDS_MOST - 1);
        argv[argc++] = each;
        argv[argc] = NULL;
    }
    (void)cli_fixture_file("in", input != NULL ? input : "");
    for (int number = 0; number < 3; number++) {
        if ((cli_fixture.keeps >> number & 1U) == 0) {
            fflush(number > 0 ? stream_of(number) : NULL);
            replace(number, number == 0 ? O_RDONLY : O_RDWR | O_CREAT | O_TRUNC);
        }
    }
    mode_t mask = umask(0);
    answer.status = cli_fixture_main(argc, argv);
    umask(mask);
    if ((cli_fixture.keeps >> STDERR_FILENO & 1U) == 0) {
        answer.err = cli_fixture_caught(STDERR_FILENO);
    }
    if ((cli_fixture.keeps >> STDOUT_FILENO & 1U) == 0) {
        answer.out = cli_fixture_caught(STDOUT_FILENO);
    }
    if ((cli_fixture.keeps >> STDIN_FILENO & 1U) == 0) {
        restore(STDIN_FILENO);
    }
    return answer;
}
