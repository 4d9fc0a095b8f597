# SPDX-License-Identifier: Apache-2.0
# A server of MongoDB's protocol is killed (kill -9) again and again while several clients work, and started again: no account, rotation or
# end of a session that was acknowledged is lost, and none has happened twice. The server is FerretDB, which keeps what it acknowledged.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../../lib";
use AuthPlatform::Ferret;
use AuthPlatform::Httpd;
use AuthPlatform::Together;
use JSON  ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $CLIENTS  = 6;
my $ROUNDS   = $ENV{AUTHP_LONG} ? 10 : 4;
my $LONGEST  = 300;
my $PASSWORD = 'three calm words';
my $DATABASE = 'durable';
my $began    = time;
my $ferret   = AuthPlatform::Ferret->new->start;
my $httpd    = AuthPlatform::Httpd->new(settings => "AUTH_STORE=mongodb\nMONGODB_DB=$DATABASE\nMONGODB_URI=" . $ferret->uri . "\n",
    more => 'AuthPlatformRevocationMaxLag 60s')->start;
$httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, 'not ready');

my %path = (register => '/register', login => '/login', refresh => '/refresh', logout => '/logout');

# Repeats a request until its answer is not 503. Returns the answer, and how many tries before it had an outcome that the client does not know.
sub insist {
    my ($what, $body) = @_;
    for (my $unknown = 0;; $unknown++) {
        my $answer = $httpd->api($path{$what}, $body);
        return ($answer, $unknown) if $answer->{status} && $answer->{status} != 503 || time - $began > $LONGEST;
        sleep 0.1;
    }
}

# Signs one person up. Returns what was acknowledged, or undef and what went wrong.
sub life {
    my ($email, $ends) = @_;
    my $person = { email => $email, password => $PASSWORD };
    my ($answer, $unknown) = insist(register => $person);
    # After an unknown outcome the account can be there already.
    ($answer) = insist(login => $person) if $answer->{status} == 409 && $unknown;
    my $token = $answer->{json}{refresh_token} or return (undef, "$email: signing up: $answer->{status}");
    my %row = (email => $email, token => $token, spent => [], rotations => 0, unknown => 0, ended => 0);
    for (1 .. 4) {
        ($answer, $unknown) = insist(refresh => { refresh_token => $row{token} });
        $row{unknown} += $unknown;
        return (undef, "$email: a refresh: $answer->{status}") if $answer->{status} != 200;
        push @{ $row{spent} }, $row{token};
        $row{rotations}++;
        $row{token} = $answer->{json}{refresh_token};
    }
    if ($ends) {
        ($answer) = insist(logout => { refresh_token => $row{token} });
        return (undef, "$email: signing out: $answer->{status}") if $answer->{status} != 200;
        $row{ended} = 1;
    }
    return \%row;
}

my $stop = "$ferret->{dir}/stop";

sub work {
    my ($n) = @_;
    my (@known, @odd);
    for (my $i = 0; !-e $stop && time - $began < $LONGEST; $i++) {
        my ($row, $odd) = life("p$n-$i\@example.org", $i % 2);
        push @known, $row if $row;
        push @odd,   $odd if $odd;
    }
    return { known => \@known, odd => \@odd };
}

my $file = "$ferret->{dir}/results";
my $load = fork // die "fork: $!";
if (!$load) {
    AuthPlatform::Httpd::write_file($file, JSON->new->utf8->encode([together($CLIENTS, \&work)]));
    POSIX::_exit(0);
}
for (1 .. $ROUNDS) {
    sleep 1 + rand;
    $ferret->kill9;
    sleep rand 0.5;
    $ferret->start;
    # The breaker asks the store again after a second; until then nothing is at work that a kill could cut off.
    sleep 1.5;
}
AuthPlatform::Httpd::write_file($stop, '');
waitpid $load, 0;
is($?, 0, 'the clients are done');
my $results = JSON->new->utf8->decode(AuthPlatform::Httpd::slurp($file));
my @known   = map { @{ $_->{known} } } @$results;
is(join(', ', map { @{ $_->{odd} } } @$results), '', 'each request worked in the end');
cmp_ok(scalar @known, '>=', 3 * $ROUNDS, scalar(@known) . ' accounts');
my $unknown = 0;
$unknown += $_->{unknown} for @known;
cmp_ok($unknown, '>', 0, "$unknown refreshes were cut off");

# --- what is stored, read by another client ---------------------------------------------------------------------------
# Each account with its sessions: {email => [[generation, 1 if it has ended], ...]}; an account that is there twice has "twice".
sub stored {
    local $ENV{AUTHP_URI} = $ferret->uri;
    open my $pipe, '-|', '/usr/bin/python3', '-c', <<'PY', $DATABASE or die "python3: $!\n";
import json, os, sys, pymongo
db = pymongo.MongoClient(os.environ["AUTHP_URI"])[sys.argv[1]]
sessions, found = {}, {}
for one in db.refresh_tokens.find():
    sessions.setdefault(one["user_id"], []).append([one.get("generation", 0), 1 if one.get("ended_at") else 0])
for user in db.users.find():
    if user["email"] in found:
        found[user["email"]] = "twice"
    else:
        found[user["email"]] = sessions.pop(user["_id"], [])
print(json.dumps({"accounts": found, "of nobody": len(sessions)}))
PY
    local $/;
    my $said = <$pipe>;
    close $pipe or die "python3 failed\n";
    return JSON->new->utf8->decode($said);
}

my $stored = stored();
is($stored->{'of nobody'}, 0, 'no session without its account');
is(join(', ', grep { !ref $stored->{accounts}{$_} } sort keys %{ $stored->{accounts} }), '', 'no account is there twice');
my (@lost, @again, @alive);
for my $row (@known) {
    # A registration or sign-in of unknown outcome may have left a session that nobody has: the one that moved on is meant.
    my $sessions = $stored->{accounts}{ $row->{email} } || [];
    my ($mine) = sort { $b->[0] <=> $a->[0] } @$sessions;
    my $told = "$row->{email}: " . ($mine ? "$mine->[0] of $row->{rotations}, $row->{unknown} unknown" : 'no session');
    push @lost,  $told if !$mine || $mine->[0] < $row->{rotations};
    push @again, $told if $mine  && $mine->[0] > $row->{rotations} + $row->{unknown};
    push @alive, $told if $mine  && $row->{ended} && !$mine->[1];
}
is(join('; ', @lost),  '', 'no acknowledged account or rotation is lost');
is(join('; ', @again), '', 'no rotation happened twice');
is(join('; ', @alive), '', 'no acknowledged end of a session is lost');

# --- what the clients have works, and nothing else --------------------------------------------------------------------
my %answers;
for my $row (@known) {
    my $newest = $httpd->api('/refresh', { refresh_token => $row->{token} });
    $answers{ ($row->{ended} ? 'ended' : 'goes on') . ": $newest->{status}" }++;
    my $again = $httpd->api('/register', { email => $row->{email}, password => $PASSWORD });
    $answers{"registered again: $again->{status}"}++;
    my $first = $httpd->api('/refresh', { refresh_token => $row->{spent}[0] });
    $answers{"a spent token: $first->{status}"}++;
}
is(join(', ', sort keys %answers), 'a spent token: 401, ended: 401, goes on: 200, registered again: 409', 'tokens and addresses') or diag explain \%answers;
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion|\Q$ferret->{password}/, 'no crash, no password of the database in the log');
done_testing;
