#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# mail status, mail retry, keys status, keys wrap and keys forget, with mails that a server has queued for a mail server that does not run.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder write_file);
use AuthPlatform::Httpd;
use AuthPlatform::Ports ();
use AuthPlatform::Terminal qw(available start expect type finish release);
use JSON::PP ();
use Test::More;

my $TIME = qr/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z/;
my $ID   = qr/[0-9a-f]{24}/;
my $mail = "MAIL_URL=smtp://127.0.0.1:@{[AuthPlatform::Ports::free_port()]}\nMAIL_TLS=off\nMAIL_FROM=us\@example.org\nPUBLIC_URL=http://localhost\n";

my $httpd = AuthPlatform::Httpd->new(settings => $mail);
my $file  = "$httpd->{dir}/.env";
my $all   = '';    # what was printed

sub tool {
    my $answer = run(['--env-file', $file, @_]);
    $all .= "$answer->{out}$answer->{err}";
    return $answer;
}

sub wrong { my ($name, $pattern, @words) = @_; my $got = tool(@words); is($got->{status}, 2, "$name: wrong usage"); return like($got->{err}, $pattern, '... says why') }

# --- nothing there yet --------------------------------------------------------------------------------------------------
ok(!exists json(tool(qw(check-config --online --json)))->{data_keys} || ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite', 'check-config --online makes no database');
ok(!-e "$httpd->{dir}/state", '... and no folder for it');
is_deeply(json(tool(qw(mail status --json))), { waiting => 0, oldest_at => undef, next_at => undef, failed => 0, sent => 0 }, 'no mail yet');
like(tool(qw(mail status))->{out}, qr/\Amails that wait +0\nmails that have failed +0\nmails that were sent +0 \(and not purged yet\)\n\z/, '... for people');
is_deeply(json(tool(qw(mail status --waiting --json))), { items => [], next_cursor => undef }, '... an empty list');
is(tool(qw(mail retry))->{out}, "no mail waits or has failed\n", 'nothing to try again');
is_deeply(json(tool(qw(mail retry --json))), { retried => 0 }, '... as JSON');
is_deeply(json(tool(qw(keys status --json))), { items => [], lost => 0 }, 'no data key yet');
is(tool(qw(keys status))->{out}, "The store has no data key yet. The first mail makes one.\n", '... for people');
is(tool(qw(keys wrap))->{out}, "0 data keys wrapped again\n", 'nothing to wrap');

# --- two mails that wait ------------------------------------------------------------------------------------------------
$httpd->start;
for my $name (qw(ada grace)) {
    is($httpd->api('/register', { email => "$name\@example.com", password => 'correct horse 9', name => $name })->{status}, 201, "$name registers");
}
$httpd->stop;    # from here on nothing sends them
my $status = json(tool(qw(mail status --json)));
is_deeply([@{$status}{qw(waiting failed sent)}], [2, 0, 0], 'two mails wait');
like($status->{$_}, qr/\A$TIME\z/, "... $_") for qw(oldest_at next_at);
like(tool(qw(mail status))->{out}, qr/\Amails that wait +2\n  the oldest was made at +$TIME\n  the next try is due at +$TIME\nmails that have failed +0\n/, '... for people');
is(tool(qw(mail status))->{err}, '', '... without a note');
my @items = @{ json(tool(qw(mail status --waiting --json)))->{items} };
is(scalar @items, 2, 'the list of them');
for my $item (@items) {
    is_deeply([sort keys %$item], [sort qw(id kind created_at next_at give_up_at failed_at tries error)], '... has these members and no address');
    is($item->{kind}, 'verify_email', '... the kind');
    is($item->{failed_at}, undef, '... it has not failed');
    like($item->{$_}, qr/\A$TIME\z/, "... $_") for qw(created_at next_at give_up_at);
}
is($status->{oldest_at}, $items[0]{created_at}, '... the oldest first');
my $first = json(tool(qw(mail status --waiting --limit 1 --json)));
is_deeply([map { $_->{id} } @{ $first->{items} }], [$items[0]{id}], 'a page of it');
is($first->{next_cursor}, $items[0]{id}, '... says where to go on');
is_deeply([map { $_->{id} } @{ json(tool(qw(mail status --waiting --json --after), $items[0]{id}))->{items} }], [$items[1]{id}], '... the next page');
my $table = tool(qw(mail status --waiting));
like($table->{out}, qr/\AID +KIND +MADE +NEXT TRY +UNTIL +PUT OFF +ERROR\n$items[0]{id}  verify_email  $TIME  $TIME  $TIME  [0-9]+ +\S.*\n$items[1]{id}  verify_email  /, '... for people');
is_deeply(json(tool(qw(mail status --failed --json)))->{items}, [], 'none has failed');
like(tool(qw(mail status --failed))->{out}, qr/\AID +KIND +MADE +FAILED +PUT OFF +ERROR\n\z/, '... for people');

is_deeply(json(tool(qw(mail retry --json))), { retried => 2 }, 'both are due now');
is(tool('mail', 'retry', '--id', $items[1]{id})->{out}, "1 mail is due now\n", 'one of them, for people');
my $none = tool(qw(mail retry --id 665f1c2e9b1d4a0012345678));
is($none->{status}, 1, 'a mail that is not there: status 1');
like($none->{err}, qr/no mail with this id waits or has failed/, '... says so');

wrong('both lists', qr/either --waiting or --failed/, qw(mail status --waiting --failed));
wrong('a page of no list', qr/need --waiting or --failed/, qw(mail status --limit 3));
wrong('a wrong limit', qr/--limit/, qw(mail status --waiting --limit 0));
wrong('a wrong id', qr/--id is an id/, qw(mail retry --id 12));
wrong('an id without --id', qr/unexpected|unknown|argument/i, qw(mail retry 665f1c2e9b1d4a0012345678));
wrong('a typing error', qr/did you mean "mail retry"/, qw(mail rety));

# --- data keys ----------------------------------------------------------------------------------------------------------
my $keys = json(tool(qw(keys status --json)));
is($keys->{lost}, 0, 'no data key is lost');
my ($key, @more) = @{ $keys->{items} };
is(scalar @more, 0, '... there is one');
is_deeply([sort keys %$key], [sort qw(id created_at wrapped_at wrapped_by opens)], '... with these members, and not the key itself');
is_deeply([$key->{wrapped_by}, $key->{opens} ? 1 : 0, $key->{wrapped_at}], ['present', 1, $key->{created_at}], '... which JWT_SECRET_KEY has wrapped');
like(tool(qw(keys status))->{out}, qr/\AID +MADE +WRAPPED +BY +OPENS\n$key->{id}  $TIME  $TIME  present  yes\n\z/, '... for people');
my $refused = tool('keys', 'forget', '--yes', '--id', $key->{id});
is($refused->{status}, 1, 'a key that opens is not forgotten');
like($refused->{err}, qr/opens with the present settings/, '... says why');

# Changes settings of the .env.
my $mine = (AuthPlatform::Httpd::slurp($file) =~ /^JWT_SECRET_KEY=(.*)$/m)[0];
sub set {
    my (%new) = @_;
    my $text = AuthPlatform::Httpd::slurp($file);
    for my $name (sort keys %new) {
        $text =~ s/^$name=.*\n//mg;
        $text .= "$name=$new{$name}\n" if defined $new{$name};
    }
    write_file($file, $text);
    AuthPlatform::Httpd::note_secrets(grep { defined && length >= 20 } values %new);
    return;
}
my ($second, $third) = ('c2Vjb25kIGtleSBmb3IgdGVzdHMgb25seSwgbm90IHJlYWwh', 'dGhpcmQga2V5IGZvciB0ZXN0cyBvbmx5LCBub3QgcmVhbCEh');

set(JWT_SECRET_KEY => $second, JWT_SECRET_KEY_PREVIOUS => $mine);
for (1, 2) {    # a list changes nothing
    my $rolled = json(tool(qw(keys status --json)));
    is_deeply([@{ $rolled->{items}[0] }{qw(id wrapped_by wrapped_at)}, $rolled->{lost}], [$key->{id}, 'previous', $key->{created_at}, 0], 'after a change of JWT_SECRET_KEY: the previous one has wrapped it');
}
my $shown = tool(qw(keys status));
like($shown->{out}, qr/  previous  yes$/m, '... for people');
like($shown->{err}, qr/note: do not remove JWT_SECRET_KEY_PREVIOUS yet/, '... with a note');
my $anew = tool(qw(keys wrap --json));
is_deeply(json($anew), { wrapped => 1, lost => 0 }, 'it is wrapped again');
is($anew->{err}, '', '... and standard error has nothing: a notice of the log is for servers');
is(tool(qw(keys wrap))->{out}, "0 data keys wrapped again\n", '... once');
set(JWT_SECRET_KEY_PREVIOUS => undef);
my $after = json(tool(qw(keys status --json)))->{items}[0];
is_deeply([$after->{wrapped_by}, $after->{opens} ? 1 : 0], ['present', 1], '... and opens with the new key alone');
cmp_ok($after->{wrapped_at}, 'gt', $key->{created_at}, '... since then');

# check-config --online says the same.
sub online {
    my $got = tool(qw(check-config --online --json));
    my ($line) = grep {/data keys/} split /\n/, $got->{err};
    return (json($got)->{data_keys}, $line);
}
is_deeply([online()], [{ count => 1, lost => 0 }, undef], 'check-config --online opens it, too');
my $told = tool(qw(check-config --online));
like($told->{out}, qr/^data keys: 1, and each opens\n\z/m, '... for people');
is_deeply([$told->{status}, $told->{err} =~ /^authplatform: mail server \S+ (cannot be used)/m], [1, 'cannot be used'], '... who do not read that the settings are fine, because no mail server answers');

# --- a lost key ---------------------------------------------------------------------------------------------------------
set(JWT_SECRET_KEY => $third, JWT_SECRET_KEY_PREVIOUS => $mine);
my $lost = json(tool(qw(keys status --json)));
is_deeply([$lost->{lost}, @{ $lost->{items}[0] }{qw(wrapped_by)}, $lost->{items}[0]{opens} ? 1 : 0], [1, 'unknown', 0], 'other keys: it is lost');
$shown = tool(qw(keys status));
like($shown->{out}, qr/  unknown  no$/m, '... for people');
like($shown->{err}, qr/note: a key that does not open needs the JWT_SECRET_KEY that wrapped it.*keys forget/, '... says what to do');
is_deeply([online()], [{ count => 1, lost => 1 }, "authplatform: data keys that neither JWT_SECRET_KEY nor JWT_SECRET_KEY_PREVIOUS can unwrap: $key->{id}"], 'check-config --online names it');
my $wrap = tool(qw(keys wrap));
is($wrap->{status}, 1, 'keys wrap: status 1');
is($wrap->{out}, "0 data keys wrapped again\n", '... and nothing is wrapped');
like($wrap->{err}, qr/1 data key cannot be unwrapped/, '... says why');
my $noted = tool(qw(mail status));
is($noted->{status}, 0, 'mail status');
like($noted->{err}, qr/\Aauthplatform: note: 1 data key cannot be unwrapped, and what it seals cannot be used: see authplatform keys status\n\z/, '... has a note');
set(MAIL_URL => undef);
like(tool(qw(mail status))->{err}, qr/note: MAIL_URL is not set in \Q$file\E/, '... and one if no server sends');

my @forget = ('keys', 'forget', '--id', $key->{id});
my $bare = tool(@forget);
is($bare->{status}, 2, 'keys forget where nobody can be asked, without --yes: status 2');
like($bare->{err}, qr/--yes forgets without asking/, '... says so');
wrong('keys forget without an id', qr/--id/, qw(keys forget --yes));
wrong('... with a wrong one', qr/--id is an id/, qw(keys forget --yes --id 12));
$none = tool(qw(keys forget --yes --id 665f1c2e9b1d4a0012345678));
is($none->{status}, 1, '... of no key: status 1');
like($none->{err}, qr/there is no data key with this id/, '... says so');

SKIP: {
    skip 'Linux pseudo-terminals only', 4 if !available();
    my $asked = start($httpd->{dir}, @forget);
    ok(expect($asked, qr/Forget data key $key->{id} for good, and with it 2 mails that wait, and 0 that have failed\? Type yes: \z/), 'on a terminal it asks, and says what is lost');
    type($asked, "no\n");
    ok(expect($asked, qr/nothing was forgotten/), '... and does what it is told');
    is(finish($asked), 1, '... status 1');
    release($asked);
    is(json(tool(qw(keys status --json)))->{lost}, 1, '... the key is still there');
}
# Hundreds of other mails, which another data key has sealed, wait after these.
sub sql { return system 'sqlite3', '-cmd', '.timeout 10000', "$httpd->{dir}/state/auth_platform.db", @_ }
my $sqlite = ($ENV{AUTHP_STORE} || 'sqlite') eq 'sqlite';
my $many   = q{WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 450)
    INSERT INTO outbox (id, kind, user_id, sealed, min_ver, link_until, used_at, due_at, claim_until, tries, sent_at, failed_at, created_at, give_up_at, expires_at)
    SELECT printf('f%023x', i), kind, user_id, printf('%024x.x', 0), 0, link_until, 0, due_at, 0, 0, 0, 0, created_at, give_up_at, expires_at
    FROM n, (SELECT * FROM outbox LIMIT 1)};
is(sql($many), 0, 'many mails of another data key') if $sqlite;
is_deeply(json(tool(@forget, '--yes', '--json')), { id => $key->{id}, forgotten => JSON::PP::true, mails_waiting => 2, mails_failed => 0 }, 'keys forget --yes');
is(sql(q{DELETE FROM outbox WHERE id > 'f'}), 0, '... and no mail of the other one') if $sqlite;
is(tool(@forget, '--yes')->{status}, 1, '... once');
is_deeply(json(tool(qw(keys status --json))), { items => [], lost => 0 }, '... no key is left');
$status = json(tool(qw(mail status --json)));
is_deeply([@{$status}{qw(waiting failed)}], [0, 2], '... and the mails have failed');
@items = @{ json(tool(qw(mail status --failed --json)))->{items} };
is_deeply([map { "$_->{kind} $_->{error}" } @items], [('verify_email data key forgotten') x 2], '... with the reason');
like(tool(qw(mail status --failed))->{out}, qr/^$items[0]{id}  verify_email  $TIME  $TIME  [0-9]+ +data key forgotten$/m, '... for people');
my ($audit) = @{ json(tool(qw(audit list --event key_forget --json)))->{items} };
is_deeply([@{$audit}{qw(event outcome reason actor_id)}], ['key_forget', 'ok', $key->{id}, 'cli'], '... and the audit has it');

unlike($all, qr/\@example\.com|correct horse|\Q$mine\E|\Q$second\E|\Q$third\E/, 'no output has an address, a password or a secret');
done_testing;
