# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Schemathesis;
# Runs Schemathesis on a mount, as an administrator and signed out (see build/schemathesis.sh and t/api/schemathesis_hooks.py):
#   my $tool = AuthPlatform::Schemathesis->new($httpd, $folder);   makes the administrator; $folder has schemathesis.toml and the hooks
#   my %seen = $tool->run('/api/auth', examples => 25, least => 1000, seconds => 300);   route => status => how often
# login => PATH: where the administrator signs in, if not at /login of the mount
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use File::Temp ();
use JSON ();
use POSIX ();
use Test::More;

my $PASSWORD = 'an administrator of its own';

sub new {
    my ($class, $httpd, $folder) = @_;
    my $lib = ($ENV{AUTHP_SCHEMATHESIS} or die 'AUTHP_SCHEMATHESIS is not set; run through build/e2e.sh') . '/lib';
    secret_used($PASSWORD);
    local $ENV{AUTHP_ENV_FILE} = "$httpd->{dir}/.env";
    my ($status, undef, $err) = cli([qw(user create --role admin --email admin@example.org)], "$PASSWORD\n");
    is($status, 0, 'an administrator') or diag $err;
    return bless { httpd => $httpd, folder => $folder, lib => $lib, work => File::Temp::tempdir(CLEANUP => 1), seed => $ENV{AUTHP_SCHEMATHESIS_SEED} || 20261 }, $class;
}

sub run {
    my ($self, $mount, %o) = @_;
    my ($work, $folder) = @$self{qw(work folder)};
    my $base = "http://127.0.0.1:$self->{httpd}{port}$mount";
    my $seen = "$work/seen" . ($mount =~ tr{/}{-}r);
    local %ENV = (%ENV, AUTHP_BASE => $base, AUTHP_LOGIN => $o{login} ? "http://127.0.0.1:$self->{httpd}{port}$o{login}" : "$base/login", AUTHP_EMAIL => 'admin@example.org', AUTHP_PASSWORD => $PASSWORD, AUTHP_SEEN => $seen,
        PYTHONPATH => "$self->{lib}:$folder", PYTHONDONTWRITEBYTECODE => 1, SCHEMATHESIS_HOOKS => 'schemathesis_hooks', HOME => $work, XDG_CACHE_HOME => $work);
    my @command = ('timeout', $o{seconds}, '/usr/bin/python3', '-m', 'schemathesis.cli', '--config-file', "$folder/schemathesis.toml",
        'run', "$base/openapi.json", '--no-color', '--seed', $self->{seed}, '--max-examples', $o{examples});
    my $pid = open(my $out, '-|') // die "fork: $!";
    if (!$pid) {
        chdir $work;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    my $said = do { local $/; <$out> // '' };
    close $out;
    is($? & 127 || $? >> 8, 0, "$mount: nothing to complain about, with seed $self->{seed}") or diag $said;
    my ($cases) = $said =~ /(\d+) generated, \1 passed/;
    cmp_ok($cases // 0, '>', $o{least}, "$mount: in more than $o{least} requests") or diag $said;
    return seen($seen);
}

# What schemathesis_hooks.py has noted.
sub seen {
    my ($file) = @_;
    my %seen;
    for my $line (split /\n/, AuthPlatform::Httpd::slurp($file)) {
        my ($route, $status) = $line =~ /^(.*) (\d+)$/;
        $seen{$route}{$status}++;
    }
    return %seen;
}

# Checks that each route of the mount's document was reached, and with other statuses than 401 and 403.
sub reached {
    my ($self, $mount, %seen) = @_;
    my $doc = JSON->new->utf8->decode($self->{httpd}->get("$mount/openapi.json")->{body});
    for my $path (sort keys %{ $doc->{paths} }) {
        for my $method (sort grep { /^(?:get|post|put|patch|delete)$/ } keys %{ $doc->{paths}{$path} }) {
            my $route    = uc($method) . " $path";
            my @statuses = sort keys %{ $seen{$route} || {} };
            my @inside   = grep { !/^(?:401|403|405|5..)$/ } @statuses;
            push @inside, grep { $_ == 401 } @statuses if $path =~ m{/session/renew$};    # this route takes cookies only
            push @inside, grep { $_ == 403 } @statuses if $path =~ m{/me/\w+$};                # for a role that the administrator lacks
            push @inside, 'read' if $path =~ m{/openapi\.json$};    # this is the document that it read first
            ok(scalar @inside, "$route: @statuses");
        }
    }
    unlike($self->{httpd}->log, qr/exit signal|Assertion|:(?:error|crit|alert|emerg)\]/, 'and nothing in the error log');
    return;
}

1;
