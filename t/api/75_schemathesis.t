# SPDX-License-Identifier: Apache-2.0
# Schemathesis sends every route requests that the OpenAPI document allows and requests that it forbids, as an administrator and signed out.
# No answer may be a 500 or undocumented, no wrong request may be accepted, and no right one refused. The test has a server of its own; see
# build/schemathesis.sh. AUTHP_SCHEMATHESIS_SEED=N repeats other random requests.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use File::Temp ();
use JSON ();
use Test::More;

my $lib = ($ENV{AUTHP_SCHEMATHESIS} or die 'AUTHP_SCHEMATHESIS is not set; run through build/e2e.sh') . '/lib';
my ($seed, $examples, $seconds) = ($ENV{AUTHP_SCHEMATHESIS_SEED} || 20261, 25, 300);
# Under ASan every request costs several times as much, and the kinds of requests are the same with fewer of each.
($examples, $seconds) = (8, 600) if $ENV{AUTHP_SANITIZE};
my $work     = File::Temp::tempdir(CLEANUP => 1);
my $password = 'an administrator of its own';
secret_used($password);

my $httpd = AuthPlatform::Httpd->new->start;
{
    local $ENV{AUTHP_ENV_FILE} = "$httpd->{dir}/.env";
    my ($status, undef, $err) = cli([qw(user create --role admin --email admin@example.org)], "$password\n");
    is($status, 0, 'an administrator') or diag $err;
}
my $base = "http://127.0.0.1:$httpd->{port}/api/auth";
my $said = do {
    local %ENV = (%ENV, AUTHP_BASE => $base, AUTHP_EMAIL => 'admin@example.org', AUTHP_PASSWORD => $password, AUTHP_SEEN => "$work/seen",
        PYTHONPATH => "$lib:$FindBin::Bin", PYTHONDONTWRITEBYTECODE => 1, SCHEMATHESIS_HOOKS => 'schemathesis_hooks', HOME => $work, XDG_CACHE_HOME => $work);
    my @command = ('timeout', $seconds, '/usr/bin/python3', '-m', 'schemathesis.cli', '--config-file', "$FindBin::Bin/schemathesis.toml",
        'run', "$base/openapi.json", '--no-color', '--seed', $seed, '--max-examples', $examples);
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) {
        chdir $work;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    local $/;
    my $text = <$out> // '';
    close $out;
    $text;
};
is($? >> 8, 0, "nothing to complain about, with seed $seed") or diag $said;
my ($cases) = $said =~ /(\d+) generated, \1 passed/;
cmp_ok($cases // 0, '>', 1000, 'in more than 1000 requests') or diag $said;

# Checks that each route was reached, and with other statuses than 401 and 403.
my %seen;
for my $line (split /\n/, AuthPlatform::Httpd::slurp("$work/seen")) {
    my ($route, $status) = $line =~ /^(.*) (\d+)$/;
    $seen{$route}{$status}++;
}
my $doc = JSON->new->utf8->decode($httpd->get('/api/auth/openapi.json')->{body});
for my $path (sort keys %{ $doc->{paths} }) {
    for my $method (sort grep { /^(?:get|post|put|patch|delete)$/ } keys %{ $doc->{paths}{$path} }) {
        my $route    = uc($method) . " $path";
        my @statuses = sort keys %{ $seen{$route} || {} };
        my @inside   = grep { !/^(?:401|403|405|5..)$/ } @statuses;
        push @inside, grep { $_ == 401 } @statuses if $path =~ m{/session/renew$};    # this route takes cookies only
        push @inside, 'read' if $path =~ m{/openapi\.json$};                          # this is the document that it read first
        ok(scalar @inside, "$route: @statuses");
    }
}
unlike($httpd->log, qr/exit signal|Assertion|:(?:error|crit|alert|emerg)\]/, 'and nothing in the error log');
$httpd->stop;
done_testing;
