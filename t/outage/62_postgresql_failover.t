# SPDX-License-Identifier: Apache-2.0
# A primary of PostgreSQL with a streaming standby, both in DATABASE_URL: while there is no primary, answers are 503; after the standby was
# promoted, the next requests find it. The old primary comes back as a standby, and nothing is written there.
# Quiet: how long answers take while the store is away.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Outage;
use AuthPlatform::Postgres;
use Test::More;
use Time::HiRes qw(sleep time);

my $one = AuthPlatform::Postgres->new->start;
my $two = AuthPlatform::Postgres->new(standby_of => $one)->start;
my $url = "postgresql://authp:$one->{password}\@127.0.0.1:$one->{port},127.0.0.1:$two->{port}/authp";
my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=postgresql\nDATABASE_URL=$url\n", more => 'AuthPlatformRevocationMaxLag 60s')->start;
my $ada = someone();
my $in;
$httpd->wait_for(sub { ($in = $httpd->api('/register', $ada))->{status} == 201 }, 'nobody can register');
my $token = $in->{json}{access_token};
is_served($httpd, 'at first', $token);
is_back($httpd, 'two hosts', $ada);

# Waits until a standby has what its primary has.
sub is_copied {
    my ($from, $to, $name) = @_;
    my $end = time + 20;
    my $at  = $from->sql('SELECT pg_current_wal_lsn()');
    sleep 0.05 while $to->sql("SELECT pg_last_wal_replay_lsn() >= '$at'") ne 't' && time < $end;
    ok(time < $end, "$name: the standby has everything");
    return;
}

for my $how (qw(killed frozen)) {
    my ($old, $new) = $how eq 'killed' ? ($one, $two) : ($two, $one);
    is_copied($old, $new, $how);
    $how eq 'killed' ? $old->kill9 : $old->freeze;
    is_away($httpd, "the primary is $how");
    is($httpd->get('/page.txt', bearer => $token)->{status}, 200, "$how: the guarded page goes on");
    $new->promote;
    is_back($httpd, "$how, promoted", $ada);
    my $eve = someone();
    is($httpd->api('/register', $eve)->{status}, 201, "$how, promoted: signs up");
    is($httpd->api('/login', $eve)->{status}, 200, "$how, promoted: and in");
    is($new->sql("SELECT count(*) FROM users WHERE email = '$eve->{email}'"), 1, "$how, promoted: in the new primary");

    # The frozen one must not come back as a primary: the operator ends it first.
    $old->kill9 if $how eq 'frozen';
    $old->follow($new)->start;
    is($old->sql('SELECT pg_is_in_recovery()'), 't', "$how: the old primary follows the new one");
    my $answers = join ' ', map { $httpd->api('/register', someone())->{status} } 1 .. 8;
    is($answers, join(' ', (201) x 8), "$how: and is not written to");
    is_copied($new, $old, $how);
    is($old->sql("SELECT count(*) FROM users WHERE email = '$eve->{email}'"), 1, "$how: it gets everything from there");
}

# A primary that becomes read-only while connections are open, as managed databases do.
$one->sql('ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
sleep 0.5;
my %seen;
for (1 .. 6) {
    my $answer = $httpd->api('/register', someone());
    $seen{"$answer->{status} $answer->{json}{code}"}++;
    sleep 0.1;
}
is(join(', ', sort keys %seen), '503 store_unavailable', 'read-only: nobody can sign up') or diag explain \%seen;
like($httpd->log, qr/AUTHP0203: store: cannot open a connection: session is read-only/, 'read-only: the log says why');
$one->sql('ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()');
is_back($httpd, 'read-write again', $ada);
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion|\Q$one->{password}/, 'no crash, no secret in the log');
done_testing;
