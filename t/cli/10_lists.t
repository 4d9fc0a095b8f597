#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Filters and pages of lists: every option alone and together with others, on more rows than fit into one page or batch.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file sql);
use POSIX qw(strftime);
use Test::More;

my $dir  = folder();
my $file = env_file($dir);

sub tool { return run(['--env-file', $file, @_]) }
sub id   { my ($number) = @_; return sprintf '65%022x', $number }

# Returns the ids of a list, and its cursor.
sub listed {
    my (@args) = @_;
    my $answer = tool(@args, '--json');
    return { status => $answer->{status}, err => $answer->{err} } if $answer->{status};
    my $page = json($answer);
    return { ids => [map { $_->{id} } @{ $page->{items} }], next => $page->{next_cursor} };
}

# Returns what a list of @rows (ids in their order) must show after $after.
sub page {
    my ($rows, $limit, $after) = @_;
    my @behind = grep { !defined $after || $_ gt $after } @{$rows};
    return { ids => \@behind, next => undef } if @behind <= $limit;
    return { ids => [@behind[0 .. $limit - 1]], next => $behind[$limit - 1] };
}

# --- users ------------------------------------------------------------------------------------------------------------
# One account for each role, which is then copied to 260 accounts: ann0@ rob1@ bea2@ ann3@ ...
my %of;
for my $case (['candidate', 'ann'], ['recruiter', 'rob'], ['admin', 'bea']) {
    my ($role, $name) = @{$case};
    my $made = run(['--env-file', $file, '--json', 'user', 'create', '--role', $role, '--email', "$name\@pattern.example"], stdin => "correct horse 9\n");
    $of{$name} = json($made)->{id};
}
my @names = qw(ann rob bea);
my @users = map { { id => id($_), name => $names[$_ % 3], email => $names[$_ % 3] . $_ } } 1 .. 260;
sql($dir, 'BEGIN', 'CREATE TEMP TABLE one AS SELECT * FROM users LIMIT 0', (map {
    ('DELETE FROM one', "INSERT INTO one SELECT * FROM users WHERE id = '$of{$_->{name}}'",
        "UPDATE one SET id = '$_->{id}', email = '$_->{email}\@example.org', created_at = 1700000000000, updated_at = 1700000060000", 'INSERT INTO users SELECT * FROM one')
} @users), "DELETE FROM users WHERE email LIKE '%pattern.example'", 'COMMIT');
my %role = (ann => 'candidate', rob => 'recruiter', bea => 'admin');

for my $role (undef, 'candidate', 'recruiter') {
    for my $prefix (undef, 'ANN', 'rob1', 'b') {
        my @wanted = map { $_->{id} } grep { (!$role || $role{ $_->{name} } eq $role) && (!$prefix || index($_->{email}, lc $prefix) == 0) } @users;
        for my $limit (undef, 3, 200) {
            for my $after (undef, id(100)) {
                my @args = ($role ? ('--role', $role) : (), $prefix ? ('--email', $prefix) : (), $limit ? ('--limit', $limit) : (), $after ? ('--after', $after) : ());
                is_deeply(listed('user', 'list', @args), page(\@wanted, $limit // 50, $after), "user list @args");
            }
        }
    }
}
my $full = tool('user', 'list', '--limit', '200');
is(scalar(() = $full->{out} =~ /^65[0-9a-f]{22}  /mg), 200, 'the longest page, for people');
is($full->{err}, "authplatform: note: there are more; continue with --after ${\id(200)}\n", '... whose note is on standard error');
is_deeply(listed(qw(user list --limit 60 --after), id(200)), page([map { $_->{id} } @users], 60, id(200)), 'exactly what is left is a whole page without a next one');
is_deeply(listed(qw(user list --after), id(260)), { ids => [], next => undef }, 'behind the last one is nothing');

# --- one account, for people --------------------------------------------------------------------------------------------
sql($dir, "UPDATE users SET email_verified = 1, password_hash = NULL, name = 'Ann  O. Ther' WHERE id = '${\id(3)}'", "UPDATE users SET disabled = 1, identities = '"
    . '[{"provider":"google","issuer":"https://accounts.google.com","sub":"1","linked_at":0,"last_login":0},{"provider":"corp","issuer":"https://id.example","sub":"2",'
    . '"email":"r@corp.example","linked_at":1700000000000,"last_login":1700000060000}]' . "' WHERE id = '${\id(4)}'");
my @times = ("created:        2023-11-14T22:13:20.000Z\n", "updated:        2023-11-14T22:14:20.000Z\n");
is(tool('user', 'show', '--id', id(3))->{out}, join('', "id:             ${\id(3)}\n", "e-mail:         ann3\@example.org (verified)\n", "name:           Ann  O. Ther\n",
    "roles:          candidate\n", "state:          active\n", "password:       none\n", "identities:     none\n", @times), 'user show: verified, named, without a password');
is(tool('user', 'show', '--id', id(4))->{out}, join('', "id:             ${\id(4)}\n", "e-mail:         rob4\@example.org (verified)\n", "name:           -\n",
    "roles:          recruiter\n", "state:          disabled\n", "password:       set\n",
    "identity:       google, no e-mail address, of https://accounts.google.com, linked -, last sign-in -\n",
    "identity:       corp, r\@corp.example, of https://id.example, linked 2023-11-14T22:13:20.000Z, last sign-in 2023-11-14T22:14:20.000Z\n", @times), '... disabled, which goes before all else');
like(tool('user', 'show', '--id', id(1))->{out}, qr/^state:          recruiter pending$/m, '... a recruiter whom nobody verified');
my $rows = tool('user', 'list', '--after', id(2), '--limit', '2')->{out};
is($rows, join('', "ID                        E-MAIL            ROLES      STATE     CREATED                   NAME\n",
    "${\id(3)}  ann3\@example.org  candidate  active    2023-11-14T22:13:20.000Z  Ann  O. Ther\n",
    "${\id(4)}  rob4\@example.org  recruiter  disabled  2023-11-14T22:13:20.000Z  -\n"), 'user list: its columns');

# --- sessions ---------------------------------------------------------------------------------------------------------
# Column widths count characters, and an empty value is shown as a dash.
sql($dir, map { my ($number, $device, $agent) = @{$_};
    "INSERT INTO refresh_tokens VALUES ('${\id($number)}', '${\id(3)}', 1, '${\('A' x 43)}', 0, 0, 1, 1700000000000, 1700000060000, 9700000000000, 9700000000000, 0, NULL, $device, '192.0.2.7', $agent)" }
    [901, "CAST(x'74c3a96cc3a9' AS TEXT)", "'one'"], [902, "'tele2'", 'NULL'], [903, "''", "''"], [904, 'NULL', "CAST(x'e282ac' AS TEXT)"]);
my $when = '2023-11-14T22:13:20.000Z  2023-11-14T22:14:20.000Z  192.0.2.7';
is(tool(qw(session list --id), id(3))->{out}, join('', "ID                        CREATED                   LAST USED                 ADDRESS    DEVICE  CLIENT\n", "${\id(901)}  $when  t\xc3\xa9l\xc3\xa9    one\n",
    "${\id(902)}  $when  tele2   -\n", "${\id(903)}  $when  -       -\n", "${\id(904)}  $when  -       \xe2\x82\xac\n"), 'session list: its columns');
sql($dir, "UPDATE refresh_tokens SET expires_at = 1700000000000 WHERE id = '${\id(901)}'", "UPDATE refresh_tokens SET ended_at = 1700000000000, end_reason = 'logout' WHERE id = '${\id(903)}'",
    "UPDATE refresh_tokens SET user_id = '${\id(4)}' WHERE id = '${\id(904)}'");
is_deeply(listed(qw(session list --id), id(3)), { ids => [id(902)], next => undef }, '... none that has expired, has ended, or is of somebody else');
is_deeply(listed(qw(session list --id), id(4)), { ids => [id(904)], next => undef }, '... who has their own');
sql($dir, 'DELETE FROM refresh_tokens');

# --- invites ------------------------------------------------------------------------------------------------------------
# Three batches of the store's pages: 500 invites that are open, used, revoked, expired and open again in turn.
run(['--env-file', $file, 'invite', 'create', '--email', 'pattern@pattern.example']);
my $far = (time + 86400) * 1000;
my @state = qw(open used revoked expired open);
my %set = (open => "expires_at = $far", expired => 'expires_at = 1700000000000', used => "used_at = 1, used_by = '${\id(7)}', expires_at = $far", revoked => "revoked_at = 1, expires_at = $far");
my @invites = map { { id => id($_), email => ($_ > 450 ? 'zoe' : 'ann') . $_, state => $_ > 2 && $_ < 420 ? 'expired' : $state[$_ % 5] } } 1 .. 500;
sql($dir, 'BEGIN', 'CREATE TEMP TABLE pattern AS SELECT * FROM recruiter_invites', 'DELETE FROM recruiter_invites', 'CREATE TEMP TABLE one AS SELECT * FROM pattern LIMIT 0', (map {
    ('DELETE FROM one', 'INSERT INTO one SELECT * FROM pattern', "UPDATE one SET id = '$_->{id}', email = '$_->{email}\@example.org', code_hash = 'h$_->{id}', $set{$_->{state}}",
        'INSERT INTO recruiter_invites SELECT * FROM one')
} @invites), 'COMMIT');
for my $state (undef, qw(open used revoked expired)) {
    for my $prefix (undef, 'Zoe', 'ann1') {
        my @wanted = map { $_->{id} } grep { (!$state || $_->{state} eq $state) && (!$prefix || index($_->{email}, lc $prefix) == 0) } @invites;
        for my $limit (undef, 7, 200) {
            my $after = $limit ? id(150) : undef;
            my @args = ($state ? ('--state', $state) : (), $prefix ? ('--email', $prefix) : (), $limit ? ('--limit', $limit) : (), $after ? ('--after', $after) : ());
            is_deeply(listed('invite', 'list', @args), page(\@wanted, $limit // 50, $after), "invite list @args");
        }
    }
}

# --- the audit ----------------------------------------------------------------------------------------------------------
# Entries by their age in seconds, and which of them --since shows.
my @ages = (5, 80, 3300, 3900, 82_800, 90_000, 561_600, 648_000);
my $now  = time;
sub put_audit {
    my (@rows) = @_;
    sql($dir, 'BEGIN', 'DELETE FROM audit_log', (map {
        "INSERT INTO audit_log (id, at, event, outcome, reason, actor_id, subject_id, session_id, ip, request_id) VALUES ('$_->{id}', $_->{at}, '$_->{event}', 'denied', 'why', '$_->{actor}', '$_->{subject}', NULL, '192.0.2.7', NULL)"
    } @rows), 'COMMIT');
    return;
}
put_audit(map { { id => id(100 - $_), at => ($now - $ages[$_]) * 1000, event => 'login', actor => id(1), subject => id(2) } } reverse 0 .. $#ages);
for my $case (['1m', 1], ['60m', 3], ['1h', 3], ['70m', 4], ['24h', 5], ['1d', 5], ['26h', 6], ['7d', 7], ['8d', 8], ['999999m', 8]) {
    my ($span, $count) = @{$case};
    is_deeply(listed('audit', 'list', '--since', $span)->{ids}, [map { id(100 - $_) } reverse 0 .. $count - 1], "audit list --since $span: $count");
}
# Times are exact to the millisecond: an entry of exactly that time is shown.
my @at = ('2026-01-31T08:09:10Z', '2026-01-31', '2024-02-29T23:59:59Z', '2026-12-31T00:00:01Z');
my @ms = (1_769_846_950_000, 1_769_817_600_000, 1_709_251_199_000, 1_798_675_201_000);
for my $i (0 .. $#at) {
    put_audit(map { { id => id($_), at => $ms[$i] - 2 + $_, event => 'login', actor => id(1), subject => id(2) } } 1 .. 3);
    is_deeply(listed('audit', 'list', '--since', $at[$i])->{ids}, [id(2), id(3)], "audit list --since $at[$i]: from that moment on");
}
# The filters by account, event and time together, page by page, with all columns.
my @events = map { { id => id($_), at => 1_700_000_000_000 + $_ * 1000, event => $_ % 2 ? 'login' : 'logout', actor => id(1 + $_ % 3), subject => id(1 + $_ % 4) } } 1 .. 60;
put_audit(@events);
for my $user (undef, id(1), id(4)) {
    for my $event (undef, 'login') {
        for my $since (undef, 30) {
            my @wanted = map { $_->{id} } grep { (!$user || $_->{actor} eq $user || $_->{subject} eq $user) && (!$event || $_->{event} eq $event) && (!$since || $_->{at} >= 1_700_000_000_000 + $since * 1000) } @events;
            for my $limit (undef, 4) {
                my $after = $limit ? id(20) : undef;
                my @args = ($user ? ('--user', $user) : (), $event ? ('--event', $event) : (), $since ? ('--since', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime 1_700_000_000 + $since)) : (),
                    $limit ? ('--limit', $limit) : (), $after ? ('--after', $after) : ());
                is_deeply(listed('audit', 'list', @args), page(\@wanted, $limit // 50, $after), "audit list @args");
            }
        }
    }
}
is((split /\n/, tool(qw(audit list --limit 1))->{out})[1], join('  ', id(1), '2023-11-14T22:13:21.000Z', 'login', 'denied ', 'why   ', id(2), id(2), '192.0.2.7'), 'audit list: its columns');
is((split /\n/, tool(qw(audit list --limit 1 --after), id(1))->{out})[1], join('  ', id(2), '2023-11-14T22:13:22.000Z', 'logout', 'denied ', 'why   ', id(3), id(3), '192.0.2.7'), '... of the next');
is((split /\n/, tool(qw(audit list --limit 1 --after), id(3))->{out})[1], join('  ', id(4), '2023-11-14T22:13:24.000Z', 'logout', 'denied ', 'why   ', id(2), id(1), '192.0.2.7'), '... who did it before whom it was about');

# --- the purge ----------------------------------------------------------------------------------------------------------
# More than two batches of 500: all old rows are removed, and nothing else.
sql($dir, "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 2200) INSERT INTO audit_log SELECT printf('64%022x', i), 1600000000000, 'login', 'ok', NULL, NULL, NULL, NULL, NULL, NULL FROM n",
    "UPDATE audit_log SET at = $now * 1000 WHERE id LIKE '65%'", 'DELETE FROM recruiter_invites');
is(tool('purge')->{out}, "1201 rows removed\n", 'purge: every batch');
is_deeply([sql($dir, 'SELECT count(*) FROM audit_log', 'SELECT count(*) FROM users')], [[60], [260]], '... and what is not over stays');

# --- what a name cannot do to a terminal ---------------------------------------------------------------------------------
# Every character that controls a terminal, or reverses or hides text around it: the first and last of each range, and their neighbours,
# which are shown.
my $one = id(1);
for my $case (
    [1, map { [$_] } 0x01, 0x1b, 0x1f, 0x7f], [1, map { [0xc2, $_] } 0x80, 0x8f, 0x9b, 0x9f], [0, [0xc2, 0xa0], [0xc3, 0x80]],
    [1, map { [0xe2, 0x80, $_] } 0x8b, 0x8f, 0xa8, 0xae], [0, map { [0xe2, 0x80, $_] } 0x8a, 0x90, 0xa7, 0xaf],
    [1, map { [0xe2, 0x81, $_] } 0xa0, 0xa6, 0xaf], [0, map { [0xe2, 0x81, $_] } 0x9f, 0xb0],
    [1, [0xef, 0xbb, 0xbf]], [0, [0xef, 0xbb, 0xbe], [0xef, 0xbc, 0x81], [0xe1, 0x80, 0x8b]]
) {
    my ($bad, @characters) = @{$case};
    for my $bytes (@characters) {
        my $hex = join '', map { sprintf '%02x', $_ } @{$bytes};
        sql($dir, "UPDATE users SET name = CAST(x'78${hex}79' AS TEXT) WHERE id = '$one'");
        my $shown = $bad ? '?' : join '', map {chr} @{$bytes};
        like(tool(qw(user show --id), $one)->{out}, qr/x\Q$shown\Ey/, $bad ? "$hex is not written out" : "$hex is");
    }
}

done_testing();
