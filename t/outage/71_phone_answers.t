# SPDX-License-Identifier: Apache-2.0
# The connection to MongoDB or PostgreSQL is cut at a change of one-time codes, of their limits, or of requests of administrators: before
# the change reaches the store, or after it did and before the answer is there. (A store may repeat what only reads.) Nothing is reported as done, no code opens two sessions, no
# code is sent whose row may be missing, and the client can repeat the request.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Mongo;
use AuthPlatform::Msg91;
use AuthPlatform::Phone;
use AuthPlatform::Postgres;
use JSON ();
use Test::More;

my $msg91 = AuthPlatform::Msg91->new;
my ($site, $store, %text, $serial);
my $password = AuthPlatform::Phone::password();

# A text of each operation for AuthPlatform::Proxy. On MongoDB it is a part of the message.
my %mongodb = (
    otp_put => '(?s)otp_codes.*\$set.*purpose', otp_attempt => '(?s)otp_codes.*attempts.{6}\$lt', otp_attempt_undo => '(?s)otp_codes.*attempts.{6}\$gt',
    otp_use => '(?s)otp_codes.*\$set.{6}used_at', tally_take => '(?s)indAndModify.*tallies', tally_give => '(?s)tallies.*count.{6}\$gt',
    pending_admin_put => '(?s)pending_admins.*\$set', pending_admin_take => '(?s)indAndModify.*pending_admins',
);
# On PostgreSQL it is the name of a prepared statement, which is found by its text: %s is the schema.
my %postgresql = (
    otp_put => 'INSERT INTO %s.otp_codes', otp_attempt => 'UPDATE %s.otp_codes SET attempts = attempts \+', otp_attempt_undo => 'UPDATE %s.otp_codes SET attempts = attempts -',
    otp_use => 'UPDATE %s.otp_codes SET used_at', tally_take => 'INSERT INTO %s.tallies', tally_give => 'UPDATE %s.tallies',
    pending_admin_put => 'INSERT INTO %s.pending_admins', pending_admin_take => 'DELETE FROM %s.pending_admins',
);

sub name_of {
    my ($pattern) = @_;
    my $begins = sprintf $pattern, '"phones"';
    my ($name) = $store->said =~ /execute (authp_[0-9a-f]+): PREPARE \S+ \([^)]*\) AS $begins/ or die "no statement begins with $begins\n";
    return "$name\\x00";
}

sub number { return sprintf '98765%05d', ++$serial }
sub is_ready { $site->httpd->wait_for(sub { $site->get('/readyz')->{status} == 200 }, 'not ready') for 1 .. 4; return }
sub words { my ($answer) = @_; return join ' ', $answer->{status}, ref $answer->{json} eq 'HASH' && $answer->{json}{code} ? $answer->{json}{code} : () }
sub messages { return scalar grep { $_->{at} eq 'send' } $msg91->seen }

# Sends a request while the proxy loses an operation, or its answer.
sub unlucky {
    my ($how, $operation, $ask, $said) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $store->mode("$how $text{$operation}");
    my $answer = $ask->();
    ok($store->{proxy}->is_done, "$operation, $how: the connection was cut");
    is(words($answer), $said // '503 store_unavailable', '... and the client is told') or diag $answer->{body};
    $store->mode('pass');
    is_ready();
    return;
}

sub then_is { my ($answer, $said, $name) = @_; local $Test::Builder::Level = $Test::Builder::Level + 1; is(words($answer), $said, "... $name") or diag $answer->{body}; return }
sub sessions {
    my ($number) = @_;
    my ($status, $out, $said) = $site->tool('', qw(--json session list --phone), "+91$number");
    $status == 0 or die "session list: $said";
    return scalar grep {/\S/} $out =~ /"id"/g;
}

sub login_otp { my ($number, $code) = @_; return $site->post('/auth/login-otp', { phone => $number, otp => $code }) }

# --- codes ---
sub codes {
    my ($how) = @_;
    my $done = $how ne 'hide';
    my $number = number();
    $site->member($number, 'seeker');
    my $send = sub { return $site->post('/auth/send-otp', { phone => $number }) };
    my $before = messages();
    unlucky($how, 'otp_put', $send);
    is(messages(), $before, '... no code is sent');
    then_is($send->(), '200', 'the next one is');
    my $code = $site->code($number);
    my $sessions = sessions($number);
    for my $operation (qw(otp_attempt otp_use)) {
        unlucky($how, $operation, sub { return login_otp($number, $code) });
        is(sessions($number), $sessions, '... nothing is opened');
    }
    then_is(login_otp($number, $code), $done ? '400 OTP_ALREADY_VERIFIED' : '200', 'the same code');
    is(sessions($number), $sessions + ($done ? 0 : 1), '... counts once');
    $send->();
    then_is(login_otp($number, $site->code($number)), '200', 'a newer code counts');

    # MSG91 does not answer, so the attempt is given back.
    my %user = (mobile => $number, roles => ['seeker']);
    $code = $site->send_code('/users/register', \%user);
    $msg91->mode(verify => 'close');
    unlucky($how, 'otp_attempt_undo', sub { return $site->post('/users/auth', { %user, otp => $code }) }, '500 OTP_SEND_FAILED');
    $msg91->mode('ok');
    then_is($site->post('/users/auth', { %user, otp => $code }), '200', 'the code still counts');
    return;
}

# --- administrators ---
sub administrators {
    my ($how, $root) = @_;
    my $number = number();
    my %new  = (email => "olga-$number\@example.org", password => $password, mobile => $number, name => 'Olga', roles => ['admin']);
    my $ask  = sub { return $site->post('/admin/register', \%new, bearer => $root) };
    my $make = sub { return $site->post('/admin/verify-registration', { mobile => $number, otp => $site->code($number) }) };
    unlucky($how, 'pending_admin_put', $ask);
    then_is($ask->(), '200', 'asks again');
    unlucky($how, 'pending_admin_take', $make);
    then_is($site->post('/admin/login', { email => $new{email}, password => $password }), '401 invalid_credentials', 'there is no account');
    then_is($make->(), '400 OTP_ALREADY_VERIFIED', 'the code is used up');
    then_is($ask->(), '200', 'asks again');
    then_is($make->(), '200', 'the account is made');
    then_is($site->post('/admin/login', { email => $new{email}, password => $password }), '200', 'and signs in');
    return;
}

# --- limits ---
sub limits {
    my ($how) = @_;
    my $number = number();
    my $send = sub { return $site->post('/auth/send-otp', { phone => $number }) };
    my $before = messages();
    unlucky($how, 'tally_take', $send);
    is(messages(), $before, '... no code is sent');
    then_is($send->(), '200', 'the next one is');
    unlucky($how, 'tally_give', $send, '429 rate_limited');
    is(messages(), $before + 1, '... no other one is sent');
    return;
}

for my $kind (qw(mongodb postgresql)) {
    $store = $kind eq 'mongodb' ? AuthPlatform::Mongo->new->start : AuthPlatform::Postgres->new(settings => ['log_statement=all'])->start;
    $store->proxy;
    my $settings = $kind eq 'mongodb' ? "AUTH_STORE=mongodb\nMONGODB_DB=phones\nMONGODB_URI=" . $store->uri . "\n" : "AUTH_STORE=postgresql\nAUTH_DB_SCHEMA=phones\nDATABASE_URL=" . $store->uri . "\n";
    $site = AuthPlatform::Phone->new(msg91 => $msg91, settings => $settings, more => 'AuthPlatformRevocationMaxLag 60s');
    is_ready();
    my $root = $site->admin("root-$kind\@example.org");
    # Each statement runs once, so that the log of PostgreSQL has its name.
    my $number = number();
    my %user = (mobile => $number, roles => ['seeker']);
    $site->member($number, 'seeker');
    $msg91->mode(verify => 'close');
    $site->post('/users/auth', { %user, otp => $site->send_code('/users/register', \%user) });
    $msg91->mode('ok');
    my %olga = (email => 'olga@example.org', password => $password, mobile => number(), name => 'Olga', roles => ['admin']);
    $site->post('/admin/register', \%olga, bearer => $root);
    is($site->post('/admin/verify-registration', { mobile => $olga{mobile}, otp => $site->code($olga{mobile}) })->{status}, 200, "$kind: an administrator");
    my $without = $site;
    $site = AuthPlatform::Phone->new(msg91 => $msg91, limits => 1, settings => $settings . "OTP_LIMIT_ADDRESS=1000/1h\n", more => 'AuthPlatformRevocationMaxLag 60s');
    is_ready();
    my $limited = $site;
    $number = number();
    $site->post('/auth/send-otp', { phone => $number }) for 1, 2;
    %text = map { $_ => $kind eq 'mongodb' ? $mongodb{$_} : name_of($postgresql{$_}) } keys %mongodb;
    for my $how (qw(hide lose late)) {
        note "$kind, $how";
        $site = $without;
        codes($how);
        administrators($how, $root);
        $site = $limited;
        limits($how);
    }
    for my $host ($without, $limited) {
        $host->stop;
        unlike($host->httpd->log, qr/exit signal|Assertion/, "$kind: no crash");
    }
    $store->stop;
}
done_testing;
