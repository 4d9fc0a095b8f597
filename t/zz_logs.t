# SPDX-License-Identifier: Apache-2.0
# The last test: what the whole run left in the logs. Everything was logged at trace8.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Test;
use Test::More;

my $logs = server_root() . '/logs';
my %text;
for my $file (glob "$logs/*log*") {
    open my $in, '<:raw', $file or die "$file: $!";
    local $/;
    $text{$file} = <$in>;
}
ok(scalar(grep { length } values %text), 'there are logs');
my ($main) = grep { /error_log$/ } keys %text;
unlike($text{$main}, qr/Segmentation|Assertion|exit signal|AddressSanitizer|runtime error/, 'no crash, no assertion, no sanitizer report');
my @cores = glob "$logs/core* " . server_root() . '/core*';
is(scalar @cores, 0, 'no core file');

# Core itself prints request headers at trace4 and higher: it is ours not to. So only lines of ours are searched, and every
# line below trace.
my $ours = join "\n", grep { /auth_platform:/ || /:(?:emerg|alert|crit|error|warn|notice|info|debug)\]/ } split /\n/, $text{$main};
SKIP: {
    open my $in, '<:raw', server_root() . '/secrets.txt' or skip('the shared server was told no secret', 3);
    chomp(my @secrets = <$in>);
    my %seen;
    @secrets = grep { length && !$seen{$_}++ } @secrets;
    cmp_ok(scalar @secrets, '>', 0, scalar(@secrets) . ' secrets were used');
    my @leaked = grep { index($ours, $_) >= 0 } @secrets;
    is(scalar @leaked, 0, 'none of them is in the error log');
    # One test puts a token into a URL, to see it refused: that line of the access log is its own doing.
    s/^.*\?access_token=.*$//mg for values %text;
    my @in_access = grep { my $s = $_; grep { !/error_log$/ && index($text{$_}, $s) >= 0 } keys %text } @secrets;
    is(scalar @in_access, 0, 'nor in another log');
}
done_testing;
