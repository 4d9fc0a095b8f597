/* SPDX-License-Identifier: Apache-2.0 */
/* How an import ends: its status, what it says, and what the audit has of it. */
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define ROWS 3000
#define HASH "$2b$04$abcdefghijklmnopqrstuuMKcRm1HDw1iYEXcdAv1ujLQmkUo/7Rm"
#define HEAD "email,name,password_hash\n"
#define ADA "ada@example.org,Ada," HASH "\n"
#define EVE "eve@example.org,Eve," HASH "\n"

static const struct {
    const char *text; /* NULL: the file is a folder */
    const char *options;
    const char *out;
    const char *err;    /* a part of it; NULL: nothing */
    const char *reason; /* in the audit; NULL: the audit has nothing of it */
    int status;
} ends[] = {
    {HEAD ADA EVE, "", "users: added 2\n", NULL, "csv; users added 2", 0},
    {HEAD ADA EVE, " --dry-run", "users: added 2\nnothing was written (--dry-run)\n", NULL, NULL,
     0},
    {HEAD ADA ADA, "", "users: added 1, left out 1\n", "line 3", "csv; users added 1, left out 1",
     0},
    {HEAD ADA "\"cut", "", "", "the file is refused: line 3", NULL, 1},
    {HEAD ADA "\"cut", " --dry-run", "", "the file is refused: line 3", NULL, 1},
    {HEAD "\"cut", "", "", "the file is refused: line 2", NULL, 1},
    {HEAD, "", "users: none\n", NULL, "csv; users none", 0},
    {HEAD "x,Ada,\n", "", "users: left out 1\n", "line 2", "csv; users left out 1", 0},
    {NULL, "", "", "the file cannot be read: Is a directory", NULL, 1},
};

START_TEST(how_it_ends)
{
    fixture_t *f = &cli_fixture.f;
    const char *in =
        ends[_i].text != NULL ? cli_fixture_file("rows.csv", ends[_i].text) : cli_fixture.folder;
    const char *line =
        apr_pstrcat(f->pool, "import --format csv --in ", in, ends[_i].options, NULL);
    cli_answer_t answer = cli_fixture_run(line, NULL);
    ck_assert_str_eq(answer.out, ends[_i].out);
    if (ends[_i].err == NULL) {
        ck_assert_str_eq(answer.err, "");
    } else {
        ck_assert_msg(strstr(answer.err, ends[_i].err) != NULL, "%s", answer.err);
    }
    ck_assert_ptr_null(strstr(answer.err, "the import can be repeated"));
    ck_assert_int_eq(answer.status, ends[_i].status);
    const authp_audit_t *entry = fixture_audit(f, "import");
    ck_assert_pstr_eq(entry != NULL ? entry->reason : NULL, ends[_i].reason);
    if (entry != NULL) {
        ck_assert_str_eq(entry->actor_id, "cli");
        ck_assert_str_eq(entry->outcome, "ok");
    }
}
END_TEST

/* The store takes no row. */
START_TEST(a_store_that_fails)
{
    fixture_t *f = &cli_fixture.f;
    const char *in = cli_fixture_file("rows.csv", HEAD ADA);
    mem_store_fail(f->store, NULL, 2, AUTHP_E_UNAVAILABLE);
    cli_answer_t answer =
        cli_fixture_run(apr_pstrcat(f->pool, "import --format csv --in ", in, NULL), NULL);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_str_eq(answer.out, "");
    ck_assert_msg(strstr(answer.err, "authplatform: the store cannot be reached") != NULL, "%s",
                  answer.err);
    ck_assert_ptr_null(fixture_audit(f, "import"));
}
END_TEST

#define OTHER_ID "650000000000000000000001"

/* The rows of an export come to the store that has them, and one has got another id meanwhile. */
START_TEST(an_invite_whose_code_is_taken)
{
    fixture_t *f = &cli_fixture.f;
    static const char made[] = "made invite ";
    cli_answer_t answer = cli_fixture_run("invite create --email eve@example.org", NULL);
    ck_assert_int_eq(strncmp(answer.out, made, strlen(made)), 0);
    const char *id = apr_pstrmemdup(f->pool, answer.out + strlen(made), strlen(OTHER_ID));
    char *rows = apr_pstrdup(f->pool, cli_fixture_run("export", NULL).out);
    ck_assert_ptr_nonnull(strstr(rows, id));
    memcpy(strstr(rows, id), OTHER_ID, strlen(OTHER_ID));
    answer = cli_fixture_run("import", rows);
    ck_assert_str_eq(answer.err, "authplatform: conflict: invite " OTHER_ID
                                 " (eve@example.org): its code is taken\n");
    ck_assert_msg(strstr(answer.out, "users: none\ninvites: conflicts 1\naudit: unchanged ") ==
                      answer.out,
                  "%s", answer.out);
    ck_assert_int_eq(answer.status, 0);
}
END_TEST

#define B16 "AAECAwQFBgcICQoLDA0ODw=="
#define B32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define B64                                                                                        \
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="

/* Each parameter of Firebase's hashes comes to the hash under its own name. */
static const struct {
    const char *options;
    const char *value; /* of the hash in the file */
    const char *hash;  /* how the stored hash begins; NULL: refused */
    const char *err;
} parameters[] = {
    {"SCRYPT --hash-key " B64 " --salt-separator Bw== --rounds 8 --mem-cost 14", B64,
     "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=" B64 "$" B16 "$", ""},
    {"STANDARD_SCRYPT --mem-cost 1024 --block-size 8 --parallelization 16 --dk-len 32", B32,
     "$scrypt$ln=10,r=8,p=16$" B16 "$", ""},
    {"SHA256 --rounds 1 --hash-input-order PASSWORD_FIRST", B32, "$sha256$o=ps$" B16 "$", ""},
    {"SHA256 --rounds 1", B32, "$sha256$o=sp$" B16 "$", ""},
    {"SHA256 --rounds 1 --dk-len x", B32, NULL,
     "authplatform: --dk-len is the length of a hash in bytes\n"},
};

START_TEST(parameters_of_hashes)
{
    fixture_t *f = &cli_fixture.f;
    authp_user_t *user = NULL;
    const char *in = cli_fixture_file(
        "users.json", apr_pstrcat(f->pool,
                                  "{\"users\":[{\"localId\":\"1\",\"email\":\"a@example.org\","
                                  "\"passwordHash\":\"",
                                  parameters[_i].value, "\",\"salt\":\"" B16 "\"}]}", NULL));
    cli_answer_t answer =
        cli_fixture_run(apr_pstrcat(f->pool, "import --in ", in, " --format firebase --hash-algo ",
                                    parameters[_i].options, NULL),
                        NULL);
    const char *hash = parameters[_i].hash;
    ck_assert_str_eq(answer.err, parameters[_i].err);
    ck_assert_str_eq(answer.out, hash != NULL ? "users: added 1\n" : "");
    ck_assert_int_eq(answer.status, hash != NULL ? 0 : 2);
    if (hash != NULL) {
        ck_assert_int_eq(
            authp_store_user_by_login(f->store, AUTHP_LOGIN_EMAIL, "a@example.org", &user, f->pool),
            AUTHP_OK);
        ck_assert_msg(strncmp(user->password_hash, hash, strlen(hash)) == 0, "%s",
                      user->password_hash);
    }
}
END_TEST

/* Rows are written many at a time. What was written before the file ends badly stays, and the audit
 * has it. */
START_TEST(cut_after_many_rows)
{
    fixture_t *f = &cli_fixture.f;
    apr_array_header_t *lines = apr_array_make(f->pool, ROWS, sizeof(const char *));
    APR_ARRAY_PUSH(lines, const char *) = HEAD;
    for (int i = 0; i < ROWS; i++) {
        APR_ARRAY_PUSH(lines, const char *) =
            apr_psprintf(f->pool, "ada%d@example.org,Ada,%s\n", i, HASH);
    }
    APR_ARRAY_PUSH(lines, const char *) = "\"cut";
    const char *in = cli_fixture_file("rows.csv", apr_array_pstrcat(f->pool, lines, 0));
    const char *line = apr_pstrcat(f->pool, "import --format csv --in ", in, NULL);
    cli_answer_t answer = cli_fixture_run(line, NULL);
    const char *says = "\nauthplatform: what stands before has been imported; the import can be "
                       "repeated\n";
    ck_assert_msg(strstr(answer.err, says) != NULL, "%s", answer.err);
    ck_assert_str_eq(answer.out, "");
    ck_assert_int_eq(answer.status, 1);
    const authp_audit_t *entry = fixture_audit(f, "import");
    ck_assert_ptr_nonnull(entry);
    ck_assert_msg(strstr(entry->reason, "csv; users added ") == entry->reason, "%s", entry->reason);
    answer = cli_fixture_run(apr_pstrcat(f->pool, line, " --dry-run", NULL), NULL);
    ck_assert_msg(strstr(answer.err, "can be repeated") == NULL, "%s", answer.err);
}
END_TEST

Suite *suite_cli_import(void)
{
    Suite *suite = suite_create("cli_import");
    TCase *tests = tcase_create("import");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_loop_test(tests, how_it_ends, 0, (int)(sizeof(ends) / sizeof(ends[0])));
    tcase_add_loop_test(tests, parameters_of_hashes, 0,
                        (int)(sizeof(parameters) / sizeof(parameters[0])));
    tcase_add_test(tests, an_invite_whose_code_is_taken);
    tcase_add_test(tests, a_store_that_fails);
    tcase_add_test(tests, cut_after_many_rows);
    suite_add_tcase(suite, tests);
    return suite;
}
