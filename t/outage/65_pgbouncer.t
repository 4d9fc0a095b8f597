# SPDX-License-Identifier: Apache-2.0
# PgBouncer in transaction mode, between httpd and PostgreSQL, is killed and started again, and so is PostgreSQL behind it. If
# AUTH_DB_PREPARED=off was forgotten, the log names it, and no statement is taken for another one.
# Quiet: how long answers take while the store is away.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Outage;
use AuthPlatform::Postgres;
use AuthPlatform::Together;
use Test::More;
use Time::HiRes qw(sleep time);

my $pg = AuthPlatform::Postgres->new->start->bouncer;
my %settings = map { $_ => "AUTH_STORE=postgresql\nDATABASE_URL=" . $pg->uri . "\nAUTH_DB_PREPARED=$_\n" } qw(on off);
my $PATIENT = 'AuthPlatformRevocationMaxLag 60s';
my $httpd   = AuthPlatform::Httpd->new(settings => $settings{off}, more => $PATIENT)->start;
my $ada     = someone();
my $in;
$httpd->wait_for(sub { ($in = $httpd->api('/register', $ada))->{status} == 201 }, 'nobody can register');
is_served($httpd, 'at first', $in->{json}{access_token});
is_back($httpd, 'at first', $ada);

$pg->kill_bouncer;
is_away($httpd, 'PgBouncer is killed');
is($httpd->get('/page.txt', bearer => $in->{json}{access_token})->{status}, 200, 'PgBouncer is killed: the guarded page goes on');
$pg->bouncer;
is_back($httpd, 'PgBouncer is back', $ada);
$pg->kill_bouncer;
$pg->bouncer;
is($httpd->api('/login', $ada)->{status}, 200, 'PgBouncer is restarted: the first request works');

$pg->kill9;
is_away($httpd, 'PostgreSQL is killed');
$pg->start;
is_back($httpd, 'PostgreSQL is back', $ada);
$pg->freeze;
is_away($httpd, 'PostgreSQL is frozen');
my ($seen, $page) = crowd($httpd, $in->{json}{access_token}, 4, 25);
is(join(' ', sort keys %$seen), '503', 'PostgreSQL is frozen: each of the sign-ins at once got 503') or diag explain $seen;
$pg->thaw;
is_back($httpd, 'PostgreSQL goes on', $ada);
$httpd->stop;
unlike($httpd->log, qr/AUTHP0206|AUTH_DB_PREPARED|exit signal|Assertion/, 'no statement was wrong');

# --- forgotten --------------------------------------------------------------------------------------------------------
$httpd = AuthPlatform::Httpd->new(settings => $settings{on}, more => $PATIENT)->start;
my @answers = map {@$_} together(8, sub {
    my ($n) = @_;
    my @mine;
    for my $i (1 .. 12) {
        my $person = { email => "forgotten-$n-$i\@example.org", password => 'three calm words' };
        my $answer = $httpd->api('/register', $person);
        push @mine, { what => 'register', email => $person->{email}, status => $answer->{status}, name => $answer->{json}{user}{email} };
        my $login = $httpd->api('/login', $person);
        push @mine, { what => 'login', email => $person->{email}, status => $login->{status}, name => $login->{json}{user}{email} };
    }
    return \@mine;
});
my %statuses;
$statuses{"$_->{what} $_->{status}"}++ for @answers;
# A slow test machine has many passwords to hash at once: then 429 is right.
is(join(', ', grep { !/^register (?:201|429|503)$|^login (?:200|401|429|503)$/ } sort keys %statuses), '', 'forgotten: it works, or is to be tried again') or diag explain \%statuses;
is(join(', ', map { $_->{email} } grep { $_->{status} =~ /^20/ && $_->{name} ne $_->{email} } @answers), '', 'forgotten: nobody gets the account of somebody else');
is(join(', ', grep { $pg->sql("SELECT count(*) FROM users WHERE email = '$_'") != 1 } map { $_->{email} } grep { $_->{status} == 201 } @answers), '', 'forgotten: who was signed up is there');
like($httpd->log, qr/AUTHP0207: store: statement \w+: ERROR:  (?:42P05|26000): prepared statement .* AUTH_DB_PREPARED=off is needed/, 'forgotten: the log names the setting');
unlike($httpd->log, qr/AUTHP0206|AUTHP0221|exit signal|Assertion/, 'forgotten: no statement got the values of another one');
$httpd->stop;
done_testing;
