# SPDX-License-Identifier: Apache-2.0
# PostgreSQL is killed (kill -9 of all its processes) again and again while several clients work, and started again: no account, rotation or
# end of a session that was acknowledged is lost, and none has happened twice.
# Alone: many clients, and a database that starts again several times.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Outage;
use AuthPlatform::Postgres;
use AuthPlatform::Together;
use JSON  ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $CLIENTS = 6;
my $ROUNDS  = $ENV{AUTHP_LONG} ? 12 : 4;
my $pg      = AuthPlatform::Postgres->new(fsync => 1)->start;
my $httpd   = AuthPlatform::Httpd->new(settings => "AUTH_STORE=postgresql\nDATABASE_URL=" . $pg->uri . "\n", more => 'AuthPlatformRevocationMaxLag 60s')->start;
$httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, 'not ready');
my $stop = "$pg->{dir}/stop";

# Tries until the answer is not 503. Returns it, and how many tries had an outcome that nobody knows.
sub insist {
    my ($ask) = @_;
    for (my $unknown = 0;; $unknown++) {
        my $answer = $ask->();
        return ($answer, $unknown) if $answer->{status} && $answer->{status} != 503;
        return ({ status => 503 }, $unknown) if $unknown > 200;
        sleep 0.1;
    }
}

# Returns what was acknowledged: for each account its rotations, the rotations of unknown outcome, and whether its session has ended.
sub work {
    my ($n) = @_;
    my (@known, @odd);
    for (my $i = 0; !-e $stop; $i++) {
        my $person = { email => "p$n-$i\@example.org", password => 'three calm words' };
        my $first = $httpd->api('/register', $person);
        # After an unknown outcome the account is there or not: signing up or in decides.
        my ($answer, $unknown) = $first->{status} == 201 ? ($first, 0) : insist(sub { $httpd->api('/register', $person) });
        ($answer) = insist(sub { $httpd->api('/login', $person) }) if $answer->{status} == 409 && $first->{status} == 503;
        push @odd, "register $answer->{status}" if $answer->{status} !~ /^20[01]$/;
        my %row = (email => $person->{email}, acknowledged => $first->{status} == 201 ? 1 : 0, rotations => 0, unknown => 0, ended => 0);
        my $token = $answer->{json}{refresh_token} // next;
        for (1 .. 4) {
            my ($new, $lost) = insist(sub { $httpd->api('/refresh', { refresh_token => $token }) });
            $row{unknown} += $lost;
            push @odd, "refresh $new->{status}" if $new->{status} != 200;
            last if $new->{status} != 200;
            $row{rotations}++;
            $token = $new->{json}{refresh_token};
        }
        if ($i % 2) {
            my ($out) = insist(sub { $httpd->api('/logout', { refresh_token => $token }) });
            $row{ended} = $out->{status} == 200 ? 1 : 0;
            push @odd, "logout $out->{status}" if $out->{status} != 200;
        }
        $row{token} = $token;
        push @known, \%row;
    }
    return { known => \@known, odd => \@odd };
}

my $file = "$pg->{dir}/results";
my $load = fork // die "fork: $!";
if (!$load) {
    AuthPlatform::Httpd::write_file($file, JSON->new->utf8->encode([together($CLIENTS, \&work)]));
    POSIX::_exit(0);
}
for (1 .. $ROUNDS) {
    sleep 0.7 + rand 0.6;
    $pg->kill9;
    sleep rand 0.5;
    $pg->start;
}
sleep 1;
AuthPlatform::Httpd::write_file($stop, '');
waitpid $load, 0;
is($?, 0, 'the clients are done');
my $results = JSON->new->utf8->decode(AuthPlatform::Httpd::slurp($file));
my @known = map { @{ $_->{known} } } @$results;
is(join(', ', map { @{ $_->{odd} } } @$results), '', 'each request worked in the end');
cmp_ok(scalar @known, '>', $ENV{AUTHP_SANITIZE} ? 10 : 30, scalar(@known) . ' accounts');
my $unknown = 0;
$unknown += $_->{unknown} for @known;
diag scalar(@known) . " accounts, $unknown rotations of unknown outcome";

my %stored;
for (split /\n/, $pg->sql('SELECT email, count(*) OVER (PARTITION BY email), generation, ended_at IS NOT NULL FROM users JOIN refresh_tokens ON user_id = users.id')) {
    my ($email, $sessions, $generation, $ended) = split /\|/;
    push @{ $stored{$email} }, { generation => $generation, ended => $ended eq 't' ? 1 : 0 };
}
my $twice = $pg->sql('SELECT count(*) FROM (SELECT 1 FROM users GROUP BY email HAVING count(*) > 1) x');
is($twice, 0, 'no account is there twice');
my (@lost, @again, @alive);
for my $row (@known) {
    my @sessions = @{ $stored{ $row->{email} } || [] };
    push @lost, "$row->{email}: no session" if !@sessions;
    # A registration of unknown outcome may have left a session nobody has.
    my ($mine) = sort { $b->{generation} <=> $a->{generation} } @sessions;
    next if !$mine;
    push @lost,  "$row->{email}: $mine->{generation} of $row->{rotations}" if $mine->{generation} < $row->{rotations};
    push @again, "$row->{email}: $mine->{generation} of $row->{rotations}" if $mine->{generation} > $row->{rotations} + $row->{unknown};
    push @alive, $row->{email} if $row->{ended} && !$mine->{ended};
}
is(join(', ', @lost),  '', 'no acknowledged account or rotation is lost');
is(join(', ', @again), '', 'no rotation happened twice');
is(join(', ', @alive), '', 'no acknowledged end of a session is lost');
is_back($httpd, 'in the end', { email => $known[0]{email}, password => 'three calm words' });
my @wrong = grep { $httpd->api('/refresh', { refresh_token => $_->{token} })->{status} != ($_->{ended} ? 401 : 200) } @known;
is(scalar @wrong, 0, 'the tokens of all sessions that go on work, and no other') or diag explain \@wrong;
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion|AUTHP0206/, 'no crash, no statement was wrong');
done_testing;
