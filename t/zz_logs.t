# SPDX-License-Identifier: Apache-2.0
# The last test of every run. It searches the logs of the shared server, which logs at trace8, and the logs of the servers of single tests
# (AuthPlatform::Httpd).
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Test;
use Test::More;

# Makes one refused sign-in, so that there is a line of ours and a secret even if no other test used the shared server.
my $refused = api(POST => '/login', json => { email => new_email(), password => "a wrong one $$" });
is($refused->{status}, 401, 'the shared server answers');
my $logs = server_root() . '/logs';
my %text;
for my $file (glob "$logs/*log*") {
    open my $in, '<:raw', $file or die "$file: $!";
    local $/;
    $text{$file} = <$in> // '';
}
my ($main) = grep { m{/error_log$} } keys %text;
my @own = sort grep { m{/own-} } keys %text;
ok($text{$main} =~ /AH00489: .* resuming normal operations/, 'its log has its start');
ok($text{$main} =~ /\[auth_platform:/, 'and lines of ours');

# Tests kill children of their own servers. No other child may be ended by a signal.
my $crash = qr/Segmentation|Assertion|exit signal|AddressSanitizer|LeakSanitizer|runtime error|glibc detected|double free|corrupted/;
for my $file ($main, @own) {
    my @lines   = grep {/\S/} split /\n/, $text{$file};
    my @crashes = grep { $lines[$_] =~ /$crash/ && !($file ne $main && $lines[$_] =~ /exit signal Killed \(9\)/) } 0 .. $#lines;
    my ($name) = $file =~ m{([^/]+)$};
    is(join("\n", @lines[@crashes]), '', "$name: no crash, no assertion, no sanitizer report")
        or diag join "\n", 'The lines before the first one:', @lines[($crashes[0] > 40 ? $crashes[0] - 40 : 0) .. $crashes[0]];
}
my @cores = glob "$logs/core* " . server_root() . '/core*';
is(scalar @cores, 0, 'no core file');

# Returns in how many lines of a text each secret occurs. grep searches for all of them at once, because there are thousands.
sub told {
    my ($text, @secrets) = @_;
    for (['text', $text], ['secrets', join '', map { "$_\n" } @secrets]) {
        my ($name, $bytes) = @$_;
        open my $out, '>:raw', server_root() . "/zz_$name" or die "zz_$name: $!";
        print {$out} $bytes;
        close $out or die "zz_$name: $!";
    }
    my ($root, $count) = (server_root(), '');
    open my $grep, '-|', 'env', 'LC_ALL=C', 'grep', '-acF', '-f', "$root/zz_secrets", "$root/zz_text" or die "grep: $!";
    $count = <$grep> // '';
    close $grep;
    chomp $count;
    return $count;
}

# core prints request headers at trace4 and higher, which this module must not do. So only our lines, and lines below trace, of the shared
# server's log are searched.
my $ours = join "\n", (grep { /auth_platform:/ || /:(?:emerg|alert|crit|error|warn|notice|info|debug)\]/ } split /\n/, $text{$main}),
    @text{@own};
{
    open my $in, '<:raw', server_root() . '/secrets.txt' or die "secrets.txt: $!";
    local $/ = "\n";
    chomp(my @secrets = <$in>);
    my %seen;
    @secrets = grep { length && !$seen{$_}++ } @secrets;
    cmp_ok(scalar @secrets, '>', 0, scalar(@secrets) . ' secrets were used');
    is(told($ours, @secrets), 0, 'none of them is in an error log');
    # One test sends a token in a URL to see it refused. That line of the access log is expected.
    s/^.*\?access_token=.*$//mg for values %text;
    my %is_error_log = map { $_ => 1 } $main, @own;
    my $others = join "\n", map { $text{$_} } grep { !$is_error_log{$_} } sort keys %text;
    is(told($others, @secrets), 0, 'nor in another log');
    is(told("$others\n... $secrets[-1] ...", @secrets), 1, 'and would be found');
}
done_testing;
