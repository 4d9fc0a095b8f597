# SPDX-License-Identifier: Apache-2.0
# Two hosts with one store: a one-time code opens one session, wrong codes and the budget of a day are counted together.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Phone;
use POSIX ();
use Test::More;

my $here = AuthPlatform::Phone->new(limits => 1, settings => "OTP_BUDGET_DAY=60\nOTP_LIMIT_ADDRESS=1000/1h\nAUTH_LIMIT_ADDRESS=10000/1m\nAUTH_LIMIT_REGISTER=1000/1h\n");
my $there = AuthPlatform::Phone->new(realm => $here);

# Sends a request of each number from 0 on, in turn to both hosts, all at once. Returns how often each answer came.
sub at_once {
    my ($count, $path, $body) = @_;
    my (@pids, %seen);
    pipe my $told, my $tell or die "pipe: $!\n";
    for my $i (0 .. $count - 1) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my $answer = ($i % 2 ? $there : $here)->post($path, $body->($i));
            syswrite $tell, "$answer->{status} " . ($answer->{json}{code} // 'ok') . "\n";
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    close $tell;
    chomp, $seen{$_}++ while defined($_ = <$told>);
    waitpid $_, 0 for @pids;
    return \%seen;
}

# --- 32 right codes -----------------------------------------------------------------------------------------------------
$here->member('9876543210', 'seeker');
my $ada = '9876543211';
$there->member($ada, 'seeker', full_name => 'Ada');
# The pause between two codes of a number counts over both hosts.
my $again = $here->post('/auth/send-otp', { phone => $ada });
is($again->{status}, 429, 'a code that the other host has just sent') or diag $again->{body};
like($again->{retry_after}, qr/^(?:30|[12]?[0-9])$/, '... says when');
my $new = '9876543212';
is($here->post('/auth/send-otp', { phone => $new })->{status}, 200, 'a code');
my $seen = at_once(32, '/auth/register', sub { return { full_name => 'Bo', phone => $new, password => 'three calm words', user_type => 'seeker', otp => '1234' } });
is($seen->{'200 ok'}, 1, '32 right codes make one account') or diag explain $seen;
is(join(' ', grep { !/^(?:200 |400 |503 busy$)/ } sort keys %$seen), '', '... and no other answer than 400') or diag explain $seen;

# --- guesses -----------------------------------------------------------------------------------------------------------
my $guessed = '9876543213';
is($there->post('/auth/send-otp', { phone => $guessed })->{status}, 200, 'a code');
$seen = at_once(24, '/auth/login-otp', sub { return { phone => $guessed, otp => sprintf '%06d', 700_000 + $_[0] } });
cmp_ok($seen->{'400 INVALID_OTP'}, '>=', 5, 'guesses at both hosts') or diag explain $seen;
is(join(' ', grep { !/^(?:400 INVALID_OTP|503 busy)$/ } sort keys %$seen), '', '... are wrong') or diag explain $seen;
for my $site ($here, $there) {
    is($site->post('/auth/login-otp', { phone => $guessed, otp => '1234' })->{json}{code}, 'INVALID_OTP', '... use up the attempts of both');
}

# --- the budget ----------------------------------------------------------------------------------------------------------
# Four codes were sent to numbers without an account so far. These get at most half of 60.
# On a busy machine some of a crowd get 503, so others ask until they are refused.
$seen = at_once(40, '/auth/send-otp', sub { return { phone => sprintf '9%04d00000', 1000 + $_[0] } });
is(join(' ', grep { !/^(?:200 ok|429 rate_limited|503 busy)$/ } sort keys %$seen), '', 'a crowd') or diag explain $seen;
my $sent = $seen->{'200 ok'} // 0;
for my $i (0 .. 29) {
    my $answer = ($i % 2 ? $there : $here)->post('/auth/send-otp', { phone => sprintf '9%04d00000', 2000 + $i });
    last if $answer->{status} == 429;
    $sent++ if $answer->{status} == 200;
}
is($sent, 26, 'the budget is counted together, to the last code') or diag explain $seen;
$there->stop;
$there->httpd->start;
is($there->post('/auth/send-otp', { phone => '9999900000' })->{status}, 429, 'a host that starts again forgets nothing');
$_->stop for $here, $there;
unlike($_->httpd->log, qr/exit signal|Assertion/, 'no crash') for $here, $there;
done_testing;
