#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# mail status, mail retry and the commands of data keys on many rows: more mails than a page of the store, mails of several data keys, and keys
# that are lost beside one that opens.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json sql slurp write_file);
use AuthPlatform::Httpd;
use AuthPlatform::Ports ();
use AuthPlatform::Terminal qw(available start expect type finish release);
use JSON::PP ();
use POSIX qw(strftime);
use Test::More;

my $mail  = "MAIL_URL=smtp://127.0.0.1:@{[AuthPlatform::Ports::free_port()]}\nMAIL_TLS=off\nMAIL_FROM=us\@example.org\nPUBLIC_URL=http://localhost\n";
my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=sqlite\n$mail");
my ($dir, $file) = ($httpd->{dir}, "$httpd->{dir}/.env");

sub tool { return run(['--env-file', $file, @_]) }
sub id   { my ($number) = @_; return sprintf '65%022x', $number }
sub at   { my ($ms) = @_; return strftime('%Y-%m-%dT%H:%M:%S', gmtime int($ms / 1000)) . sprintf '.%03dZ', $ms % 1000 }

# A server makes one data key, the only one that opens.
$httpd->start;
is($httpd->api('/register', { email => 'ada@example.com', password => 'correct horse 9' })->{status}, 201, 'a mail that makes a data key') or diag $httpd->log;
$httpd->stop;
my $mine = json(tool(qw(keys status --json)))->{items}[0]{id};
my @lost = ('1' x 24, 'f' x 24);
sql($dir, map { "INSERT INTO data_keys VALUES ('$lost[$_]', 'not-a-sealed-text', 'another-key', ${\(1700000000000 + $_ * 1000)}, ${\($_ * 1700000090000)})" } 0, 1);

# 450 mails that wait, by turns of each key; five that have failed, and three that were sent. Later ids are due earlier.
my ($made, $due, $end) = (1_700_000_000_000, 9_700_000_000_000, 9_800_000_000_000);
my @waiting = map { { id => id($_), key => (@lost, $mine)[$_ % 3], created => $made + $_ * 1001, due => $due - $_ * 1003, end => $end + $_ * 1007, tries => $_ + 20 } } 1 .. 450;
my @failed  = map { { id => id(500 + $_), key => ($lost[0], $lost[1], $mine, $lost[0], $lost[0])[$_ - 1], created => $made - $_ * 1001, failed => $made + $_ * 1003, end => $end + $_ * 1007, tries => 3 * $_ } } 1 .. 5;
sub rows {
    sql($dir, 'BEGIN', 'DELETE FROM outbox',
        (map { "INSERT INTO outbox VALUES ('$_->{id}', 'invite', NULL, NULL, NULL, 0, 0, 0, '$_->{key}.sealed', $_->{due}, 0, $_->{tries}, 0, 0, 'e$_->{tries}', $_->{created}, $_->{end}, 9900000000000)" } @waiting),
        (map { "INSERT INTO outbox VALUES ('$_->{id}', 'new_device', NULL, NULL, NULL, 0, 0, 0, '$_->{key}.sealed', 0, 0, $_->{tries}, 0, $_->{failed}, 'f$_->{tries}', $_->{created}, $_->{end}, 9900000000000)" } @failed),
        (map { "INSERT INTO outbox VALUES ('${\id(600 + $_)}', 'invite', NULL, NULL, NULL, 0, 0, 0, NULL, 0, 0, 1, 1700000000000, 0, NULL, $made, $end, 9900000000000)" } 1 .. 3), 'COMMIT');
    return;
}
rows();

# --- figures and lists --------------------------------------------------------------------------------------------------
my %figures = (waiting => 450, oldest_at => at($waiting[0]{created}), next_at => at($waiting[449]{due}), failed => 5, sent => 3);
is_deeply(json(tool(qw(mail status --json))), \%figures, 'mail status: the oldest was made first, the next is due first');
is(tool(qw(mail status))->{out}, "mails that wait             450\n  the oldest was made at    $figures{oldest_at}\n  the next try is due at    $figures{next_at}\n"
    . "mails that have failed      5\nmails that were sent        3 (and not purged yet)\n", '... for people');
is(tool(qw(mail status))->{err}, "authplatform: note: 2 data keys cannot be unwrapped, and what they seal cannot be used: see authplatform keys status\n", '... with a note');
is_deeply(json(tool(qw(mail status --waiting --json --limit 1)))->{items}, [{ id => id(1), kind => 'invite', created_at => at($waiting[0]{created}), next_at => at($waiting[0]{due}),
    give_up_at => at($waiting[0]{end}), failed_at => undef, tries => 21, error => 'e21' }], 'a mail that waits');
is_deeply(json(tool(qw(mail status --failed --json --limit 1)))->{items}, [{ id => id(501), kind => 'new_device', created_at => at($failed[0]{created}), next_at => undef,
    give_up_at => at($failed[0]{end}), failed_at => at($failed[0]{failed}), tries => 3, error => 'f3' }], '... one that has failed');
is((split /\n/, tool(qw(mail status --waiting --limit 1))->{out})[1], join('  ', id(1), 'invite', map({ at($waiting[0]{$_}) } qw(created due end)), '21     ', 'e21'), '... in the table');
is((split /\n/, tool(qw(mail status --failed --limit 1))->{out})[1], join('  ', id(501), 'new_device', map({ at($failed[0]{$_}) } qw(created failed)), '3      ', 'f3'), '... and in that of failed ones');
for my $case ([[], 50], [['--limit', 200], 200], [['--limit', 7, '--after', id(440)], 7], [['--limit', 10, '--after', id(440)], 10, 1], [['--after', id(450)], 0, 1]) {
    my ($args, $count, $whole) = @$case;
    my ($after) = "@$args" =~ /--after (\S+)/;
    my $page = json(tool(qw(mail status --waiting --json), @$args));
    my @want = grep { !$after || $_ gt $after } map { $_->{id} } @waiting;
    is_deeply([map { $_->{id} } @{ $page->{items} }], [@want[0 .. $count - 1]], "mail status --waiting @$args");
    is($page->{next_cursor}, $whole ? undef : $want[$count - 1], '... and where to go on');
}
is(tool(qw(mail status --waiting --limit 2))->{err}, "authplatform: note: there are more; continue with --after ${\id(2)}\n", '... for people, on standard error');
is(tool(qw(mail status --after), id(1))->{status}, 2, '--after without a list: wrong usage');
like(tool(qw(mail status --failed --waiting))->{err}, qr/give either --waiting or --failed/, 'both lists: says why');
for my $list (qw(--waiting --failed)) {
    is(tool('mail', 'status', $list, '--after', 'x')->{status}, 2, "$list --after x: wrong usage");
}

my $silent = write_file("$dir/silent.env", slurp($file) =~ s/^MAIL_URL=.*\n//mr);
like(run(['--env-file', $silent, qw(mail status)])->{err}, qr/^authplatform: note: MAIL_URL is not set in \Q$silent\E/m, 'mails wait without MAIL_URL: a note');
sql($dir, 'UPDATE outbox SET due_at = 0');
unlike(run(['--env-file', $silent, qw(mail status)])->{err}, qr/MAIL_URL/, '... and none if no mail waits');
rows();

# --- keys ---------------------------------------------------------------------------------------------------------------
my $keys = json(tool(qw(keys status --json)));
is_deeply([$keys->{lost}, map { [@{$_}{qw(id wrapped_by)}, $_->{opens} ? 1 : 0] } @{ $keys->{items} }], [2, [$lost[1], 'unknown', 0], [$mine, 'present', 1], [$lost[0], 'unknown', 0]], 'keys status: the latest id first');
is_deeply([map { @{$_}{qw(created_at wrapped_at)} } @{ $keys->{items} }[0, 2]], [at(1700000001000), at(1700000090000), (at(1700000000000)) x 2], '... when it was made and when it was wrapped');
my $shown = tool(qw(keys status));
like($shown->{out}, qr/^$lost[1]  \Q${\at(1700000001000)}  ${\at(1700000090000)}\E  unknown  no$/m, '... for people');
unlike($shown->{err}, qr/JWT_SECRET_KEY_PREVIOUS yet/, '... no key needs the previous JWT_SECRET_KEY');
my $online = tool(qw(check-config --online --json));
is($online->{status}, 1, 'check-config --online: status 1');
is_deeply(json($online)->{data_keys}, { count => 3, lost => 2 }, '... counts the keys');
ok((grep { $_ eq "data keys that neither JWT_SECRET_KEY nor JWT_SECRET_KEY_PREVIOUS can unwrap: $lost[1], $lost[0]" } @{ json($online)->{errors} }), '... and names the two');

# Another JWT_SECRET_KEY: the key that opens is wrapped again, the others stay as they are.
my ($before) = slurp($file) =~ /^JWT_SECRET_KEY=(.*)$/m;
my $second = 'c2Vjb25kIGtleSBmb3IgdGVzdHMgb25seSwgbm90IHJlYWwh';
write_file($file, slurp($file) =~ s/^JWT_SECRET_KEY=.*$/JWT_SECRET_KEY=$second\nJWT_SECRET_KEY_PREVIOUS=$before/mr);
my @kept = sql($dir, "SELECT * FROM data_keys WHERE id <> '$mine'");
like(tool(qw(keys status))->{err}, qr/JWT_SECRET_KEY_PREVIOUS yet.*\n.*keys forget/, 'a key of the previous JWT_SECRET_KEY beside lost ones: both notes');
my $wrap = tool(qw(keys wrap));
is_deeply([@{$wrap}{qw(status out)}], [1, "1 data key wrapped again\n"], 'keys wrap wraps it, and its status says that others are lost');
is($wrap->{err}, "authplatform: note: 2 data keys cannot be unwrapped, and what they seal cannot be used: see authplatform keys status\n", '... with a note');
is_deeply([sql($dir, "SELECT * FROM data_keys WHERE id <> '$mine'")], \@kept, '... and does not touch them');
is_deeply(json(tool(qw(keys wrap --json))), { wrapped => 0, lost => 2 }, '... once');

# --- keys forget --------------------------------------------------------------------------------------------------------
my $opens = tool(qw(keys forget --yes --id), $mine);
is_deeply([@{$opens}{qw(status out err)}], [1, '', "authplatform: this data key opens with the present settings, so it is not forgotten\n"], 'a key that opens stays, beside keys that do not');
is(scalar(() = sql($dir, 'SELECT id FROM data_keys')), 3, '... all three');
SKIP: {
    skip 'Linux pseudo-terminals only', 3 if !available();
    for my $typed ('no', 'YES', 'yes please') {
        my $asked = start($dir, qw(keys forget --id), $lost[0]);
        expect($asked, qr/Type yes: \z/);
        type($asked, "$typed\n");
        is(finish($asked), 1, "$typed is not yes");
        release($asked);
    }
    is(scalar(() = sql($dir, 'SELECT id FROM data_keys')), 3, '... nothing is forgotten');
    my $asked = start($dir, qw(keys forget --id), $lost[0]);
    ok(expect($asked, qr/Forget data key $lost[0] for good, and with it 150 mails that wait, and 3 that have failed\? Type yes: \z/), 'it asks, with the mails of this key alone');
    type($asked, "yes\n");
    ok(expect($asked, qr/forgot data key $lost[0], and with it 150 mails that wait, and 3 that have failed/), '... and forgets it');
    is(finish($asked), 0, '... status 0');
    release($asked);
    my %error = map { @$_ } sql($dir, 'SELECT id, coalesce(error, ?) FROM outbox WHERE failed_at > 0' =~ s/\?/''/r);
    is_deeply(\%error, { map({ ($_->{id} => "f$_->{tries}") } @failed), map { ($_->{id} => 'data key forgotten') } grep { $_->{key} eq $lost[0] } @waiting }, 'its mails that waited have failed, those that had failed keep their reason');
    is_deeply([sql($dir, 'SELECT count(*) FROM outbox WHERE due_at > 0')], [[300]], '... and the mails of other keys still wait');
}
rows();
sql($dir, "DELETE FROM outbox WHERE id NOT IN ('${\id(1)}', '${\id(502)}')");
is(tool(qw(keys forget --yes --id), $lost[1])->{out}, "forgot data key $lost[1], and with it 1 mail that waits, and 1 that has failed\n", 'one mail of each kind');
is_deeply([sql($dir, 'SELECT count(*) FROM data_keys')], [[available() ? 1 : 2]], '... the key is gone');
is(scalar @{ json(tool(qw(audit list --event key_forget --user cli --json)))->{items} }, available() ? 2 : 1, '... and the audit has each key that was forgotten');

# --- mail retry ---------------------------------------------------------------------------------------------------------
rows();
my $sent = tool(qw(mail retry --id), id(601));
is_deeply([@{$sent}{qw(status out)}], [1, ''], 'a mail that was sent is not sent again');
my $now = time;
is(tool(qw(mail retry --id), id(502))->{out}, "1 mail is due now\n", 'a mail that has failed');
my ($again) = sql($dir, "SELECT due_at, give_up_at - due_at, failed_at, tries FROM outbox WHERE id = '${\id(502)}'");
is_deeply([@{$again}[1 .. 3]], [86_400_000, 0, 6], '... waits again, for 24 hours');
cmp_ok(abs($again->[0] / 1000 - $now), '<', 120, '... and is due now');
is_deeply([sql($dir, 'SELECT count(*) FROM outbox WHERE due_at > 0')], [[451]], '... it alone');
is(tool(qw(mail retry))->{out}, "455 mails are due now\n", 'all that wait or have failed');
is_deeply([sql($dir, 'SELECT count(*) FROM outbox WHERE due_at > 0 AND failed_at = 0 AND due_at < 9000000000000', 'SELECT count(*) FROM outbox WHERE sent_at > 0')], [[455], [3]], '... and none that were sent');
done_testing;
