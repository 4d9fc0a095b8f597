# SPDX-License-Identifier: Apache-2.0
# The history of t/restart/40_live_history.t, with a store (AuthPlatform::Mongo) that stops and comes back.
use strict;
use warnings FATAL => 'all';
use FindBin;

$ENV{AUTHP_OUTAGES} = 1;
$FindBin::Bin =~ s{/outage$}{/restart};
my $done = do "$FindBin::Bin/40_live_history.t";
die $@ || "$FindBin::Bin/40_live_history.t: $!" if !$done;
