/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "cli/cmd_admin.h"
#include "cli/cmd_audit.h"
#include "cli/cmd_change.h"
#include "cli/cmd_export.h"
#include "cli/cmd_import.h"
#include "cli/cmd_invite.h"
#include "cli/cmd_keys.h"
#include "cli/cmd_mail.h"
#include "cli/cmd_mail_templates.h"
#include "cli/cmd_migrate.h"
#include "cli/cmd_otp.h"
#include "cli/cmd_outbox.h"
#include "cli/cmd_session.h"
#include "cli/cmd_user.h"

/* --- options that several commands have ------------------------------------------------------- */
/* clang-format off */
#define NO_MORE {NULL, NULL, NULL, false}
#define WHICH_USER {"email", "EMAIL", "the user with this address", false}, \
                   {"username", "NAME", "the user with this username", false}, \
                   {"phone", "NUMBER", "the user with this phone number", false}, \
                   {"id", "ID", "the user with this id", false}
#define PAGE {"limit", "N", "at most N, 1 to 200 (default: 50)", false}, \
             {"after", "ID", "continue after the entry with this id", false}
/* clang-format on */

/* --- the table -------------------------------------------------------------------------------- */
const authp_command_t authp_commands[] = {
    {"user",
     "create",
     "Make an account",
     "The user signs in with an e-mail address, a username or a phone number: at least one is\n"
     "needed.\n"
     "The tool asks for the password on the terminal. If standard input is not a terminal, the\n"
     "password is its first line. The first admin: user create --role admin --email EMAIL",
     "user create --role admin --email you@example.org\n"
     "user create --role candidate --username ada\n"
     "user create --role recruiter --verified --email rob@example.org --name 'Rob Roe'",
     authp_cmd_user_create,
     {{"role", "ROLE", "one of ROLES", true},
      {"email", "EMAIL", "the address to sign in with", false},
      {"username", "NAME", "3 to 150 letters, digits, _ . and -; kept in lower case", false},
      {"phone", "NUMBER", "the phone number to sign in with, such as +919876543210", false},
      {"name", "NAME", "the name of the user", false},
      {"verified", NULL, "with --role recruiter: verified from the start", false},
      NO_MORE}},
    {"user",
     "list",
     "List accounts, the oldest first",
     NULL,
     "user list --role recruiter\n"
     "user list --email ada --json\n"
     "user list --username a",
     authp_cmd_user_list,
     {{"role", "ROLE", "only those with this role", false},
      {"email", "PREFIX", "only those whose address starts with PREFIX", false},
      {"username", "PREFIX", "only those whose username starts with PREFIX", false},
      {"phone", "NUMBER", "only the one with this phone number", false},
      PAGE,
      NO_MORE}},
    {"user",
     "show",
     "Show one account",
     NULL,
     "user show --email ada@example.org",
     authp_cmd_user_show,
     {WHICH_USER, NO_MORE}},
    {"user",
     "set-roles",
     "Give an account these roles and no others",
     "Takes effect at the account routes at the next request, and at guarded pages within about a\n"
     "second. The role recruiter does not count before the account is verified.",
     "user set-roles --email rob@example.org --roles candidate,recruiter\n"
     "user set-roles --email rob@example.org --roles -",
     authp_cmd_change_roles,
     {WHICH_USER, {"roles", "A,B", "some of ROLES, comma separated; - for none", true}, NO_MORE}},
    {"user",
     "disable",
     "Lock an account and end its sessions",
     "Nobody can sign in to it until `user enable`. Its data stays.",
     "user disable --email mallory@example.org",
     authp_cmd_change_disable,
     {WHICH_USER, NO_MORE}},
    {"user",
     "enable",
     "Unlock an account",
     "The user must sign in again: sessions that have ended stay ended.",
     "user enable --email mallory@example.org",
     authp_cmd_change_enable,
     {WHICH_USER, NO_MORE}},
    {"user",
     "verify-recruiter",
     "Verify a recruiter, or somebody who asked to be one",
     NULL,
     "user verify-recruiter --email rob@example.org",
     authp_cmd_change_verify,
     {WHICH_USER, NO_MORE}},
    {"user",
     "withdraw-recruiter",
     "Withdraw the verification of a recruiter",
     "Takes effect at the account routes at the next request, and at guarded pages within about a\n"
     "second. A used invite does not verify the account again.",
     "user withdraw-recruiter --email rob@example.org",
     authp_cmd_change_withdraw,
     {WHICH_USER, NO_MORE}},
    {"user",
     "verify-email",
     "Mark the e-mail address of an account as proven",
     "No mail is sent. First make sure that the owner of the address holds the account: whoever has\n"
     "made the account keeps its password and its sessions. With EMAIL_VERIFICATION=required a\n"
     "password signs in only to an account whose address is proven.",
     "user verify-email --email ada@example.org",
     authp_cmd_change_email,
     {WHICH_USER, NO_MORE}},
    {"user",
     "reset-password",
     "Set a new password for an account",
     "The tool asks for the password on the terminal. If standard input is not a terminal, the\n"
     "password is its first line. All sessions of the account end.",
     "user reset-password --email ada@example.org",
     authp_cmd_change_password,
     {WHICH_USER, NO_MORE}},
    {"user",
     "set-phone",
     "Set or remove the phone number of an account",
     "The number counts as proven: a one-time code that is sent to it signs in to the account at a\n"
     "mount of the profile phone, unless the account is an administrator's.",
     "user set-phone --email ada@example.org --number +919876543210\n"
     "user set-phone --phone +919876543210 --none",
     authp_cmd_change_phone,
     {WHICH_USER,
      {"number", "NUMBER", "the new number", false},
      {"none", NULL, "the account shall have none", false},
      NO_MORE}},
    {"user",
     "unlink",
     "Remove an identity at a provider (Google ...) from an account",
     "The person cannot sign in with that provider any more, unless the provider may prove the\n"
     "account's e-mail address: then the next sign-in links the identity again, except to an\n"
     "administrator. To keep somebody out, use user disable. Sessions stay: session end ends them.",
     "user unlink --email ada@example.org --provider google",
     authp_cmd_change_unlink,
     {WHICH_USER, {"provider", "NAME", "as user show lists it: google ...", true}, NO_MORE}},
    {"user",
     "delete",
     "Delete an account for good",
     "Ends all sessions of the account and removes its personal data. The audit keeps the user id.",
     "user delete --email ada@example.org\n"
     "user delete --id 665f1c2e9b1d4a0012345678 --yes",
     authp_cmd_change_delete,
     {WHICH_USER, {"yes", NULL, "do not ask; needed without a terminal", false}, NO_MORE}},
    {"session",
     "list",
     "List where somebody is signed in, the oldest first",
     NULL,
     "session list --email ada@example.org",
     authp_cmd_session_list,
     {WHICH_USER, PAGE, NO_MORE}},
    {"session",
     "end",
     "End one session, or all sessions of a user",
     "Takes --session for one session. With --email, --username, --phone or --id it ends all sessions\n"
     "of that user.",
     "session end --session 665f1c2e9b1d4a0012345678\n"
     "session end --email ada@example.org",
     authp_cmd_session_end,
     {{"session", "ID", "the session with this id", false}, WHICH_USER, NO_MORE}},
    {"invite",
     "create",
     "Invite somebody to be a recruiter, or an administrator",
     "Prints a code, which cannot be shown again. With the code, the person with that address\n"
     "registers as a recruiter, or signs in as one with an account that exists already. With\n"
     "--role admin the person registers as an administrator with a phone number instead, at a mount\n"
     "of the profile phone. Neither kind of invite works for the other.",
     "invite create --email grace@example.org --hours 48\n"
     "invite create --role admin --email olga@example.org",
     authp_cmd_invite_create,
     {{"email", "EMAIL", "the address of the person; the invite works for no other", true},
      {"role", "ROLE", "recruiter (default) or admin", false},
      {"hours", "N", "hours until it expires, 1 to 8760 (default: 168, a week)", false},
      NO_MORE}},
    {"invite",
     "list",
     "List invites, the oldest first",
     NULL,
     "invite list --state open\n"
     "invite list --email grace@example.org --json",
     authp_cmd_invite_list,
     {{"email", "PREFIX", "only invites for addresses that start with PREFIX", false},
      {"state", "STATE", "only invites in this state: open, used, revoked or expired", false},
      PAGE,
      NO_MORE}},
    {"invite",
     "revoke",
     "Revoke an invite that was not used",
     NULL,
     "invite revoke --id 665f1c2e9b1d4a0012345678",
     authp_cmd_invite_revoke,
     {{"id", "ID", "of the invite", true}, NO_MORE}},
    {"audit",
     "list",
     "List the audit, the oldest entries first",
     "Entries say who did what to whom: sign-ins, refusals, and changes of accounts, invites and\n"
     "sessions.",
     "audit list --since 24h\n"
     "audit list --user ada@example.org --event login --since 2026-01-31\n"
     "audit list --user cli --json",
     authp_cmd_audit_list,
     {{"user", "WHO",
       "only entries by or about this user: EMAIL, USERNAME, +NUMBER, ID, or cli (this tool)",
       false},
      {"event", "NAME", "only this event, as the list shows it: login, refresh_reuse ...", false},
      {"since", "TIME",
       "only entries since TIME: 30m, 24h or 7d (ago), a date, or 2026-01-31T08:00:00Z", false},
      PAGE,
      NO_MORE}},
    {"otp",
     "status",
     "Show how many one-time codes were sent today",
     "The day is that of the store's clock in UTC. Codes are counted under OTP_BUDGET_DAY, of which\n"
     "numbers without an account get at most half. Codes of administrators are outside of it.",
     "otp status --json",
     authp_cmd_otp_status,
     {NO_MORE}},
    {"mail",
     "templates",
     "Write the built-in texts of mails to files",
     "Writes KIND.LANGUAGE.txt and KIND.LANGUAGE.html of each mail to a folder, which is made if it is\n"
     "missing. With MAIL_TEMPLATE_DIR=DIR the server sends these texts: change those that you want to\n"
     "change, and remove the others. If one of the files is there already, nothing is written.",
     "mail templates --out /etc/auth_platform/mails",
     authp_cmd_mail_templates,
     {{"out", "DIR", "the folder", true}, NO_MORE}},
    {"mail",
     "test",
     "Send one mail, now, and show what the mail server answers",
     "Uses MAIL_URL, MAIL_FROM, MAIL_TLS and MAIL_CA_FILE, waits at most 45 seconds, and does not use\n"
     "the database. If the mail is not sent, the tool names the step at which the server refused it,\n"
     "and the code of its answer.",
     "mail test --to you@example.org",
     authp_cmd_mail_test,
     {{"to", "EMAIL", "the address that gets the mail", true}, NO_MORE}},
    {"mail",
     "status",
     "Show how many mails wait, have failed and were sent",
     "With --waiting or --failed it lists these mails: kind, times, how often a try was put off, and\n"
     "the code of the latest error. No output has an address.",
     "mail status --json\n"
     "mail status --failed",
     authp_cmd_outbox_status,
     {{"waiting", NULL, "list the mails that wait", false},
      {"failed", NULL, "list the mails that have failed", false},
      PAGE,
      NO_MORE}},
    {"mail",
     "retry",
     "Send mails that wait or have failed as soon as possible",
     "Without --id it takes all of them. A running server sends them, and tries for another 24 hours.\n"
     "Mails whose link is over, or which are being sent at this moment, stay as they are.",
     "mail retry\n"
     "mail retry --id 665f1c2e9b1d4a0012345678",
     authp_cmd_outbox_retry,
     {{"id", "ID", "only the mail with this id", false}, NO_MORE}},
    {"keys",
     "status",
     "List the data keys, the newest first",
     "Data keys seal mails that wait. JWT_SECRET_KEY wraps them. The list says whether the present or\n"
     "the previous JWT_SECRET_KEY has wrapped a key, and whether the key opens with these settings.\n"
     "It never has the key itself.",
     "keys status\n"
     "keys status --json",
     authp_cmd_keys_status,
     {NO_MORE}},
    {"keys",
     "wrap",
     "Wrap data keys of the previous JWT_SECRET_KEY again by the present one",
     "A running server also does this. JWT_SECRET_KEY_PREVIOUS must be set, at least for the tool. If\n"
     "a data key does not open, the status is 1.",
     "keys wrap",
     authp_cmd_keys_wrap,
     {NO_MORE}},
    {"keys",
     "forget",
     "Remove a data key that cannot be unwrapped any more",
     "While such a key is there, /readyz answers 503. What it has sealed is lost: mails that wait\n"
     "under it fail. A key that opens is not removed. On other hosts it may open: look at all of them\n"
     "first.",
     "keys forget --id 665f1c2e9b1d4a0012345678",
     authp_cmd_keys_forget,
     {{"id", "ID", "of the data key", true},
      {"yes", NULL, "do not ask; needed without a terminal", false},
      NO_MORE}},
    {NULL,
     "migrate",
     "Bring the database up to date",
     "The server also does this when it starts. A second call changes nothing. An SQL schema\n"
     "consists of steps. --to N undoes the newest ones, or makes more, until N steps are there, so\n"
     "that the version of this program which has N steps can use the database. Stop the server\n"
     "first. If data would be lost, nothing is done, and the tool names it. --to 0 removes all tables\n"
     "of this program.",
     "--env-file /etc/auth_platform/.env migrate\n"
     "migrate --to 5",
     authp_cmd_migrate,
     {{"to", "N", "until N steps of the schema are there", false},
      {"force", NULL, "with --to: undo steps even if data is lost", false},
      NO_MORE}},
    {NULL,
     "export",
     "Write all accounts, sessions, invites and the audit to a file",
     "JSON Lines: a header, then a line for each row. The file has password hashes and what sessions\n"
     "are made of, but no key: it is for its owner only (0600), and gets its name when it is\n"
     "complete. Without --out it goes to standard output, for a pipe.",
     "export --out accounts.jsonl\n"
     "export | ssh other authplatform --env-file /etc/auth_platform/.env import",
     authp_cmd_export,
     {{"out", "FILE", "the file to write", false}, NO_MORE}},
    {NULL,
     "import",
     "Read the file of an export into the database",
     "An export of this program, or with --format the accounts of another system. Into any store,\n"
     "empty or not. What is newer here stays. An account whose address, username, phone number or\n"
     "identity is another's is listed and left out. After an interruption, call it again. With the\n"
     "JWT_SECRET_KEY of the server that made the file, people stay signed in.",
     "import --in accounts.jsonl --dry-run\n"
     "import --in accounts.jsonl --json\n"
     "import --format keycloak --in acme-realm.json",
     authp_cmd_import,
     {{"in", "FILE", "the file to read (default: standard input)", false},
      {"format", "NAME", "authplatform (default), csv, firebase, auth0, supabase or keycloak",
       false},
      {"dry-run", NULL, "write nothing, say what would happen", false},
      {"drop-factors", NULL, "import accounts with second factors without them", false},
      {"hash-algo", "NAME", "firebase: SCRYPT, or NONE to import without passwords", false},
      {"hash-key", "BASE64", "firebase: base64_signer_key", false},
      {"salt-separator", "BASE64", "firebase: base64_salt_separator", false},
      {"rounds", "N", "firebase: rounds", false},
      {"mem-cost", "N", "firebase: mem_cost", false},
      {"parallelization", "N", "firebase: of STANDARD_SCRYPT", false},
      {"block-size", "N", "firebase: of STANDARD_SCRYPT", false},
      {"dk-len", "N", "firebase: of STANDARD_SCRYPT", false},
      {"hash-input-order", "ORDER", "firebase: SALT_FIRST or PASSWORD_FIRST", false},
      NO_MORE}},
    {NULL,
     "check-config",
     "Check the settings",
     "Prints one line for each error. Contacts no store and makes no file. With --online it asks\n"
     "each identity provider for its discovery document and its keys, and whether it takes client_id\n"
     "and redirect URI, as far as that shows without a browser. It also signs in to the mail server\n"
     "and, with MAIL_URL, opens the database and its data keys. With --httpd it also reads that\n"
     "configuration of httpd and the files that it includes, and warns about each plain\n"
     "`Require valid-user`, which lets in whoever makes an account at a mount. Warnings leave the\n"
     "status at 0.",
     "--env-file /etc/auth_platform/.env check-config\n"
     "check-config --online\n"
     "check-config --httpd /etc/apache2/apache2.conf",
     authp_cmd_admin_check_config,
     {{"httpd", "FILE", "look at this configuration of httpd, too", false},
      {"online", NULL, "contact the identity providers, the mail server and the store, too", false},
      NO_MORE}},
    {NULL,
     "purge",
     "Remove ended sessions, deleted accounts, and old invites and audit entries",
     "Sessions and deleted accounts are removed an hour after their end, or twice\n"
     "ACCESS_TOKEN_EXPIRE_MINUTES if that is longer; invites a month after their end; audit entries\n"
     "after AUDIT_RETENTION_DAYS. The server also does this by itself. The store's clock counts. If\n"
     "this host's clock differs from it by more than 20 seconds, nothing is removed.",
     "purge --json",
     authp_cmd_admin_purge,
     {NO_MORE}},
    {NULL,
     "secret",
     "Print a strong secret for JWT_SECRET_KEY",
     NULL,
     "secret",
     authp_cmd_admin_secret,
     {NO_MORE}},
    {NULL, NULL, NULL, NULL, NULL, NULL, {NO_MORE}},
};
