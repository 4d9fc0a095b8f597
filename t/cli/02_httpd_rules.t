#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# check-config --httpd: which Require lines it warns of, and how it reads files as httpd does: sections, quotes, variables and included files.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file write_file);
use POSIX ();
use Test::More;

my $web = folder();
my $env = env_file(folder());
mkdir "$web/$_" or die $! for qw(more two none);

# Returns the warnings of a configuration: the places of bare lines, and other warnings as they are.
sub warned {
    my ($text, %how) = @_;
    my $seen = run(['check-config', '--json', '--env-file', $env, '--httpd', write_file("$web/httpd.conf", $text)], %how);
    my @lines = @{ json($seen)->{warnings} // [] };
    is($seen->{err}, join('', map {"authplatform: warning: $_\n"} @lines), 'the same on standard error, and a warning is no error') or diag $seen->{err};
    return [map { m{^Require valid-user in \Q$web\E/(\S+) } ? $1 : s{^\Q$web\E/}{}r } @lines];
}
sub at_x { return "<Location /x>\nAuthType Platform\n$_[0]\n</Location>\n" }

# --- Require lines: what narrows, and in which group --------------------------------------------------------------------
for my $line ('Require role a', 'Require platform-claim prf ai', 'Require user ada', 'Require group staff', 'Require expr "true"', 'REQUIRE Role a') {
    is_deeply(warned(at_x("<RequireAll>\nRequire valid-user\n$line\n</RequireAll>")), [], "$line narrows");
    is_deeply(warned(at_x("Require valid-user\n$line")), ['httpd.conf:3'], '... but not beside it, where one of them suffices');
    is_deeply(warned(at_x($line)), [], '... and alone is fine');
}
is_deeply(warned(at_x("<RequireAll>\nRequire valid-user\n$_\n</RequireAll>")), ['httpd.conf:4'], "$_ does not narrow")
    for 'Require ip 192.0.2.1', 'Require method GET', 'Require host example.org', 'Require all granted', 'Require local', 'Require not user ada', '# Require role a';
is_deeply(warned(at_x("<RequireNone>\nRequire valid-user\n</RequireNone>")), [], 'RequireNone lets nobody in');
is_deeply(warned(at_x("<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire user mallory\n</RequireNone>\n</RequireAll>")), ['httpd.conf:4'], '... and who is not one of a few is anybody');
is_deeply(warned(at_x("<RequireAll>\n<RequireAny>\nRequire role a\nRequire valid-user\n</RequireAny>\nRequire user b\n</RequireAll>")), [], 'RequireAll narrows the RequireAny in it');
is_deeply(warned(at_x("<RequireAny>\n<RequireAll>\nRequire valid-user\nRequire role a\n</RequireAll>\nRequire role b\n</RequireAny>")), [], '... and RequireAny keeps what is narrowed');
is_deeply(warned(at_x("<RequireAll>\n<RequireAny>\nRequire role a\nRequire valid-user\n</RequireAny>\nRequire ip 192.0.2.1\n</RequireAll>")), ['httpd.conf:6'], '... unless one way into it is open');
is_deeply(warned(at_x("<RequireAny>\nRequire valid-user\n</RequireAny>\n<RequireAny>\nRequire valid-user\n</RequireAny>")), ['httpd.conf:4', 'httpd.conf:7'], 'each place of several');

# --- sections and AuthType ----------------------------------------------------------------------------------------------
is_deeply(warned("<Location /x>\nAuthType Platform\nRequire valid-user\n"), ['httpd.conf:3'], 'a section that does not end');
is_deeply(warned("</Location>\n</IfModule>\n" . at_x('Require valid-user')), ['httpd.conf:5'], 'ends of sections that did not begin');
is_deeply(warned("AuthType Platform\nRequire valid-user\n"), ['httpd.conf:2'], 'outside of all sections');
is_deeply(warned("AuthType Basic\nRequire valid-user\n" . at_x('Require role a')), [], '... of another AuthType, though a section has ours');
is_deeply(warned("Require valid-user\n"), [], 'no AuthType Platform anywhere');
is_deeply(warned("<Location /x>\nAuthType None\nRequire valid-user\n</Location>\n<Location /y>\nAuthType Platform\nRequire role a\n</Location>\n"), [], '... or elsewhere only');
is_deeply(warned(qq{<Location "/x">\n\tAuthType "Platform"\n  Require 'valid-user'\n</Location>\n}), ['httpd.conf:3'], 'in quotes, indented');
is_deeply(warned("<Location /x>\n<IfModule a.c>\n<Limit GET>\nAuthType Platform\nRequire valid-user\n</Limit>\n</IfModule>\n</Location>\n"), ['httpd.conf:5'], 'in sections of sections');
is_deeply(warned("<Location /x>\n# AuthType Platform\n  # Require valid-user\n#\\\nRequire valid-user\n</Location>\n"), [], 'comments, one of which goes on in the next line');

# --- mounts -------------------------------------------------------------------------------------------------------------
sub mounts { my ($text) = @_; return warned("$text<Location /x>\nAuthType Platform\nRequire valid-user\n</Location>\n") && json(run(['check-config', '--json', '--env-file', $env, '--httpd', "$web/httpd.conf"]))->{warnings}[0] // '' }
for my $case (["AuthPlatformMount /a ai\nAuthPlatformMount /b\n", '/a ai,/b platform'], ['', '/api/auth platform'], ["AuthPlatformMount OFF\n", undef], ["<IfModule x>\nAuthPlatformMount /c jobpath\n</IfModule>\n", '/c jobpath'],
    ["AuthPlatformMount off\n<VirtualHost *:80>\nAuthPlatformMount '/d' \"guild\"\n</VirtualHost>\n", '/d guild'], ["AuthPlatformMount /a ai\n<VirtualHost *:80>\n</VirtualHost>\n", '/a ai'],
    ["<VirtualHost *:80>\nAuthPlatformMount /e ai\n</VirtualHost>\n", '/e ai'], ["<VirtualHost *:80>\nAuthPlatformMount /e ai\n</VirtualHost>\n<VirtualHost *:81>\n</VirtualHost>\n", '/e ai,/api/auth platform'],
    ["<VirtualHost *:80>\n</VirtualHost>\n<VirtualHost *:81>\nAuthPlatformMount /e ai\n</VirtualHost>\n", '/e ai,/api/auth platform']) {
    my ($text, $want) = @$case;
    my ($said) = mounts($text) =~ /\(at AuthPlatformMount (.*?)\)/;
    is($said, $want, 'mounts: ' . ($want // 'none'));
}

# --- files --------------------------------------------------------------------------------------------------------------
write_file("$web/more/a.conf", "\n" . at_x('Require valid-user'));
write_file("$web/two/$_.conf", at_x('Require valid-user')) for qw(b a);
is_deeply(warned("Include more/a.conf\n"), ['more/a.conf:4'], 'relative to the folder of the file');
is_deeply(warned("INCLUDE \"$web/more/a.conf\"\n"), ['more/a.conf:4'], 'absolute, in quotes');
is_deeply(warned("ServerRoot $web/more\nInclude a.conf\n"), ['more/a.conf:4'], 'relative to ServerRoot');
is_deeply(warned("IncludeOptional two/*.conf\n" . at_x('Require valid-user')), ['two/a.conf:3', 'two/b.conf:3', 'httpd.conf:4'], 'in the order of names, then the rest of the file');
is_deeply(warned("Include two\n"), ['two/a.conf:3', 'two/b.conf:3'], 'a folder');
is_deeply(warned("Include none\n"), [], 'an empty folder');
is_deeply(warned("Include none/*.conf\nIncludeOptional none/*.conf\nIncludeOptional absent.conf\n"), ['none/*.conf is included, but cannot be read'], 'a pattern of nothing is named, unless it is optional');
is_deeply(warned("Include absent.conf\n" . at_x('Require valid-user')), ['httpd.conf:4', 'absent.conf is included, but cannot be read'], 'the file goes on after one that is missing');
POSIX::mkfifo("$web/fifo.conf", 0600) or die $!;
is_deeply(warned("Include fifo.conf\n"), ['fifo.conf is included, but cannot be read'], 'a FIFO is not waited for');
is_deeply(warned("IncludeOptional fifo.conf\n"), [], '... and not named if it is optional');
write_file("$web/loop.conf", "Include loop.conf\n");
is_deeply(warned("Include loop.conf\n"), ['loop.conf is included, but cannot be read'], 'a file that includes itself has an end');
write_file("$web/c$_.conf", "Include c${\($_ + 1)}.conf\n") for 1 .. 15;
write_file("$web/c16.conf", at_x('Require valid-user'));
is_deeply(warned("Include c1.conf\n"), ['c16.conf:3'], 'sixteen files deep');
write_file("$web/c16.conf", "Include c17.conf\n");
write_file("$web/c17.conf", at_x('Require valid-user'));
is_deeply(warned("Include c1.conf\n"), ['c17.conf is included, but cannot be read'], '... and no deeper');

# --- variables ----------------------------------------------------------------------------------------------------------
is_deeply(warned("Include \${HERE}/a.conf\n", env => { HERE => 'more' }), ['more/a.conf:4'], 'a variable of the environment');
is_deeply(warned("Define HERE more\nInclude \${HERE}/a.conf\n", env => { HERE => 'none' }), ['more/a.conf:4'], 'Define takes precedence over it');
is_deeply(warned("Define ONE mo\nDefine TWO re\nInclude \${ONE}\${TWO}/a.conf\n"), ['more/a.conf:4'], 'two in a word');
is_deeply(warned("Include \${NOWHERE}/a.conf\n"), ['${NOWHERE}/a.conf is included, but cannot be read'], 'one that is not set stays');
is_deeply(warned("Include \${HERE\n"), ['${HERE is included, but cannot be read'], '... and one without an end');

# A path without a folder, and a file that cannot be read.
write_file("$web/httpd.conf", "Include more/a.conf\n" . at_x('Require valid-user'));
my $near = run(['check-config', '--json', '--env-file', $env, '--httpd', 'httpd.conf'], dir => $web);
is_deeply([map {/ in (\S+) lets/} @{ json($near)->{warnings} }], ['./more/a.conf:4', 'httpd.conf:4'], 'a file of the current folder');
my $absent = run(['check-config', '--json', '--env-file', $env, '--httpd', "$web/absent.conf"]);
is($absent->{status}, 1, 'a file that is not there: status 1');
is_deeply([json($absent)->{ok} ? 1 : 0, json($absent)->{errors}, json($absent)->{warnings}], [0, ["$web/absent.conf cannot be read"], undef], '... as JSON');
done_testing;
