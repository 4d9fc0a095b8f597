# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Together;
# Many clients at once: each is a process with connections of its own, and all are held back until every one is ready.
#   my @answers = together(32, sub { my ($n) = @_; return patiently(sub { api(POST => ...) }) });
use strict;
use warnings FATAL => 'all';
use Exporter 'import';
use JSON  ();
use POSIX ();
use Time::HiRes 'sleep';

our @EXPORT = qw(together patiently tally);
my $json = JSON->new->utf8->allow_nonref;

use constant PATIENCE => 40;

# Returns what each client returns, in their order.
sub together {
    my ($count, $do) = @_;
    pipe my $gate, my $held or die "pipe: $!";
    my @pipes = map {
        my $n   = $_;
        my $pid = open(my $said, '-|') // die "fork: $!";
        if (!$pid) {
            close $held;
            srand($$);
            sysread $gate, my $opened, 1;    # ends when the parent closes its side
            my $result = eval { $do->($n) };
            warn $@ if $@;
            print $json->encode($result) if !$@;
            close STDOUT;
            POSIX::_exit($@ ? 1 : 0);
        }
        $said;
    } 0 .. $count - 1;
    close $gate;
    sleep 0.2;
    close $held;
    return map {
        my $said = do { local $/; <$_> };
        close $_ or die "a client failed\n";
        $json->decode($said);
    } @pipes;
}

# Tries again after 429 and 503 when the answer's Retry-After has passed, as a client should. Returns {status, code, json, busy => how often
# it had to wait}.
sub patiently {
    my ($ask) = @_;
    my ($answer, $busy) = (undef, 0);
    while (1) {
        $answer = $ask->();
        last if $answer->{status} !~ /^(?:429|503)$/ || $busy == PATIENCE;
        $busy++;
        sleep(($answer->{retry_after} // $answer->{headers}->header('Retry-After')) * (0.5 + rand));
    }
    return { status => $answer->{status}, code => ref $answer->{json} ? $answer->{json}{code} : undef, json => $answer->{json}, busy => $busy };
}

# "1 of 201, 31 of 409 email_taken"
sub tally {
    my %count;
    $count{ join ' ', $_->{status}, $_->{code} // () }++ for @_;
    return join ', ', map { "$count{$_} of $_" } sort keys %count;
}

1;
