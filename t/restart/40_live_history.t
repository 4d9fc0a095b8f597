# SPDX-License-Identifier: Apache-2.0
# A random history on two hosts with one store, compared with a simple model. No request may pass a guarded page after its revocation was
# confirmed on that host (on the other host: after the lag), and none may be refused without a reason. Meanwhile children are killed and
# hosts restarted. With AUTHP_OUTAGES (t/outage/40_live_history.t) the store also stops and comes back. AUTHP_SEED repeats a history,
# AUTHP_STEPS makes it longer.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mongo;
use JSON ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $seed  = $ENV{AUTHP_SEED}  || (time * 1000) % 1_000_000;
my $steps = $ENV{AUTHP_STEPS} || ($ENV{AUTHP_LONG} ? 4000 : 250);
my $LAG   = 5.5;    # AuthPlatformRevocationMaxLag, and a margin for a busy machine
srand $seed;
note "AUTHP_SEED=$seed AUTHP_STEPS=$steps";

my $recruiters = "<Location \"/recruiter\">\nAuthType Platform\nAuthName \"t\"\nRequire role recruiter\n</Location>\n";
my $mongo      = $ENV{AUTHP_OUTAGES} ? AuthPlatform::Mongo->new->start : undef;
my $own_store  = $mongo ? "AUTH_STORE=mongodb\nMONGODB_DB=history\nMONGODB_URI=" . $mongo->uri . "\n" : '';
my @hosts      = (AuthPlatform::Httpd->new(more => $recruiters, settings => $own_store)->start);
push @hosts, AuthPlatform::Httpd->new(more => $recruiters, realm => $hosts[0], mpm => 'worker')->start;
my $first = "three calm words";

sub ready { my ($host) = @_; $host->wait_for(sub { $host->get('/api/auth/readyz')->{status} == 200 }, 'not ready'); return }
ready($_) for @hosts;
open my $in, '|-', "$ENV{AUTHP_CLI} --env-file $hosts[0]{dir}/.env user create --role admin --email boss\@example.org >/dev/null" or die "tool: $!";
print {$in} "$first\n";
close $in or die 'user create failed';

sub boss { my ($host) = @_; return $host->api('/login', { email => 'boss@example.org', password => $first })->{json}{access_token} }
my $boss = boss($hosts[0]);

# --- the model --------------------------------------------------------------------------------------------------------
# A person is {email, id, password, sessions, gone}. A fact is {value, host, at}: the value, and which host confirmed it when. After a
# request that was cut the value is unknown.
my (@people, @tokens, %count, @wrong);
my $store_back = 0;    # when the store last came back

sub fact { my ($value, $host) = @_; return { value => $value, host => $host, at => time } }

# May the answer on that host be this one? 1: it must be, 0: it must not be, undef: either.
sub holds {
    my ($fact, $before, $host) = @_;
    return undef if !defined $fact->{value};
    return $fact->{value} if $fact->{host} == $host || time - $fact->{at} > $LAG;
    return defined $before && $before == $fact->{value} ? $before : undef;
}

# The value from before is used only if every host knew it by then.
sub set {
    my ($of, $what, $value, $host) = @_;
    push @{ ($of->{person} || $of)->{story} }, sprintf '%.3f host %d: %s becomes %s', time, $host, $what, $value // 'unknown';
    my $old = $of->{$what};
    @$of{ "before_$what", $what } = (time - $old->{at} > $LAG ? $old->{value} : undef, fact($value, $host));
    return;
}

sub new_session {
    my ($person, $json, $host) = @_;
    my $session = { refresh => $json->{refresh_token}, alive => fact(1, $host), person => $person };
    push @{ $person->{story} }, sprintf '%.3f host %d: a session', time, $host;
    push @{ $person->{sessions} }, $session;
    push @tokens, { session => $session, access => $json->{access_token}, person => $person, ver => $person->{ver} };
    return;
}

sub end_sessions {
    my ($person, $host, $answer) = @_;
    for my $session (@{ $person->{sessions} }) {
        next if defined $session->{alive}{value} && !$session->{alive}{value};
        set($session, alive => $answer->{status} ? 0 : undef, $host);
    }
    return;
}

sub any { return $_[ rand @_ ] }
sub some { my ($what) = @_; my @are = grep { !$_->{gone} } @people; my $person = any(@are); return $person }

sub worked {
    my ($answer, $name, @fine) = @_;
    $count{$name}++;
    $answer->{status} = 0 if $answer->{status} == 503;    # the change may have happened all the same
    return 0 if !$answer->{status};                       # cut, because the child was killed
    return 1 if grep { $answer->{status} == $_ } @fine;
    push @wrong, "$name: $answer->{status} $answer->{body}";
    return 0;
}

# --- what may happen ----------------------------------------------------------------------------------------------------
my $serial = 0;
my %op     = (
    register => sub {
        my ($host, $h) = @_;
        my $person = { email => 'p' . ++$serial . '@example.org', password => $first, sessions => [], recruiter => fact(0, $h), ver => 0 };
        my $answer = $host->api('/register', { email => $person->{email}, password => $first });
        worked($answer, 'register', 201) or return;
        $person->{id} = $answer->{json}{user}{id};
        push @people, $person;
        new_session($person, $answer->{json}, $h);
    },
    login => sub {
        my ($host, $h) = @_;
        my $person = some() or return;
        my $answer = $host->api('/login', { email => $person->{email}, password => $person->{password} });
        worked($answer, 'login', 200) and new_session($person, $answer->{json}, $h);
    },
    refresh => sub {
        my ($host, $h) = @_;
        my $session = any(grep { $_->{alive}{value} && !$_->{lost} && !$_->{person}{gone} } map { @{ $_->{sessions} } } @people) or return;
        my $answer  = $host->api('/refresh', { refresh_token => $session->{refresh} });
        if (worked($answer, 'refresh', 200)) {
            $session->{refresh} = $answer->{json}{refresh_token};
            push @tokens, { session => $session, access => $answer->{json}{access_token}, person => $session->{person} };
        }
        elsif (!$answer->{status}) { $session->{lost} = 1 }
    },
    logout => sub {
        my ($host, $h) = @_;
        my $token = any(grep { $_->{session}{alive}{value} } @tokens) or return;
        my $answer = $host->api('/logout', {}, bearer => $token->{access});
        set($token->{session}, alive => worked($answer, 'logout', 200) ? 0 : undef, $h);
    },
    logout_all => sub {
        my ($host, $h) = @_;
        my $token = any(grep { $_->{session}{alive}{value} } @tokens) or return;
        my $answer = $host->api('/logout', { all => JSON::true() }, bearer => $token->{access});
        worked($answer, 'logout_all', 200);
        end_sessions($token->{person}, $h, $answer);
    },
    admin_ends => sub {
        my ($host, $h) = @_;
        my $person = some() or return;
        my $answer = $host->request(DELETE => "/api/auth/users/$person->{id}/sessions", bearer => $boss);
        worked($answer, 'admin_ends', 204);
        end_sessions($person, $h, $answer);
    },
    disable => sub {
        my ($host, $h) = @_;
        my $person = some() or return;
        my $answer = $host->request(PATCH => "/api/auth/users/$person->{id}", json => { disabled => JSON::true() }, bearer => $boss);
        worked($answer, 'disable', 200);
        end_sessions($person, $h, $answer);
        $answer = $host->request(PATCH => "/api/auth/users/$person->{id}", json => { disabled => JSON::false() }, bearer => $boss);
        worked($answer, 'enable', 200) or $person->{gone} = 1;    # perhaps the account stays disabled
    },
    password => sub {
        my ($host, $h) = @_;
        my $token = any(grep { $_->{session}{alive}{value} && !$_->{session}{lost} } @tokens) or return;
        my $person = $token->{person};
        my $new    = 'calm words ' . ++$serial;
        my $answer = $host->api('/me/password', { current_password => $person->{password}, new_password => $new }, bearer => $token->{access});
        # The token is older than the latest change on the other host, so it is refused and nothing has changed.
        return if $answer->{status} == 401;
        my $fine = worked($answer, 'password', 200);
        end_sessions($person, $h, $answer) if $answer->{status} == 200 || !$answer->{status};
        $person->{password} = $new if $fine;
        $person->{gone} = 1 if !$answer->{status};
        new_session($person, $answer->{json}, $h) if $fine;
    },
    verify => sub {
        my ($host, $h) = @_;
        my $person = some() or return;
        my $on     = rand() < 0.5 ? 1 : 0;
        my $answer = $host->request(PATCH => "/api/auth/users/$person->{id}",
            json => { roles => ['candidate', 'recruiter'], is_recruiter_verified => $on ? JSON::true() : JSON::false() }, bearer => $boss);
        set($person, recruiter => worked($answer, 'verify', 200) ? $on : undef, $h);
    },
    delete => sub {
        my ($host, $h) = @_;
        my $person = some() or return;
        return if @people < 6;
        my $answer = $host->request(DELETE => "/api/auth/users/$person->{id}", bearer => $boss);
        worked($answer, 'delete', 204);
        $person->{gone} = 1;
        end_sessions($person, $h, $answer);
    },
);

sub check {
    my ($host, $h) = @_;
    my $token  = any(@tokens) or return;
    my $page   = rand() < 0.6 ? '/page.txt' : '/recruiter';
    my $alive  = holds(@{ $token->{session} }{qw(alive before_alive)}, $h);
    my $role   = $page eq '/page.txt' ? 1 : holds(@{ $token->{person} }{qw(recruiter before_recruiter)}, $h);
    my $answer = $host->get($page, bearer => $token->{access});
    return if !$answer->{status};
    $count{"$page $answer->{status}"}++;
    # The table was unknown and the store away, so a refusal is right.
    return if $answer->{status} == 503 && $mongo && time - $store_back < 5;
    my $in   = $answer->{status} == 200 || $answer->{status} == 404;
    my $dead = $answer->{status} == 401;
    return if !defined $alive;
    my $fine = !$alive ? $dead : !defined $role ? !$dead : $role ? $in : $answer->{status} == 403;
    push @wrong, join "\n  ", "host $h, $page: $answer->{status}, alive $alive, role " . ($role // '?'), $token->{access}, "of $token->{person}{email}, who:",
        @{ $token->{person}{story} }
        if !$fine;
    return;
}

# A process kills children all the time, also the one that polls.
my $killer = fork // die "fork: $!";
if (!$killer) {
    srand $seed;
    $_->{owner} = 0 for @hosts;
    while (1) {
        sleep 0.4 + rand;
        my @children = any(@hosts)->children or next;
        kill 'KILL', any(@children);
    }
}
# The store is away for a while: clients soon get an answer, and what is known stays in force.
sub outage {
    $mongo->freeze;
    my $end = time + 0.3 + rand 1.5;
    while (time < $end) {
        $store_back = time;
        my $h = int rand 2;
        check($hosts[$h], $h) for 1 .. 3;
        $op{ any(qw(login logout verify)) }->($hosts[$h], $h) if rand() < 0.3;
    }
    $mongo->thaw;
    $store_back = time;
    $count{outage}++;
    return;
}

my @usual = ((qw(register login login refresh refresh logout verify verify)) x 3, qw(logout_all admin_ends disable password delete));
for my $step (1 .. $steps) {
    my $h    = int rand 2;
    my $name = $step < 8 ? 'register' : any(@usual);
    if ($step % 60 == 0) {
        my $how = $step == 60 ? 'graceful' : any(qw(graceful graceful hard));
        $count{$how}++;
        $hosts[$h]->$how;
    }
    outage() if $mongo && $step % 25 == 0;
    $op{$name}->($hosts[$h], $h);
    # Right after the change: on the host that confirmed it, and on the other one.
    check($hosts[$h], $h) for 1 .. 4;
    check($hosts[ 1 - $h ], 1 - $h);
    splice @tokens, 0, 20 if @tokens > 120;
    $boss = boss($hosts[0]) || $boss if $step % 200 == 0;
}
kill 'KILL', $killer;
waitpid $killer, 0;
is(scalar @wrong, 0, "no answer was wrong, seed $seed") or diag map {"$_\n"} @wrong[ 0 .. ($#wrong < 19 ? $#wrong : 19) ];
cmp_ok($count{'/page.txt 200'} || 0, '>', $steps / 4, "pages passed: $count{'/page.txt 200'}");
cmp_ok($count{'/page.txt 401'} || 0, '>', $steps / 10, "and were refused: $count{'/page.txt 401'}");
ok($count{$_}, "there were: $_ " . ($count{$_} || 0)) for qw(login refresh logout verify graceful);
ok($count{outage}, "the store was away $count{outage} times") if $mongo;
# No child is killed any more, so each token must get the answer of the model.
sleep $LAG + 0.5;
my ($passed, $refused) = (0, 0);
for my $token (@tokens) {
    my $alive = $token->{session}{alive}{value} // next;
    my $status = $hosts[0]->get('/page.txt', bearer => $token->{access})->{status};
    next if $token->{session}{person}{gone} && $alive;
    $alive ? $passed++ : $refused++;
    push @wrong, "at the end: $status, alive $alive" if $status != ($alive ? 200 : 401);
}
is(scalar @wrong, 0, "at the end $passed tokens pass and $refused do not") or diag map {"$_\n"} @wrong;
for my $host (@hosts) {
    my @crashes = grep { /exit signal (?!Killed)|Assertion|glibc|corrupt/ } split /\n/, $host->log;
    is("@crashes", '', 'no crash');
}
done_testing;
