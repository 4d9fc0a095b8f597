# SPDX-License-Identifier: Apache-2.0
# make install and make uninstall: which files they write where with DESTDIR and PREFIX, that uninstall removes exactly the installed files,
# and that installed pages and samples name only files that exist.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Find ();
use File::Temp ();
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
# Variables of an outer make must not reach this one.
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS DESTDIR PREFIX)};

chomp(my $modules = qx{apxs -q LIBEXECDIR});
my $dest = File::Temp::tempdir(CLEANUP => 1) . '/new';

sub make {
    my ($goal, @more) = @_;
    my $said = qx{make -C '$top' --no-print-directory $goal DEPS=no INSTALL_PROFILE=debug DESTDIR='$dest' @more 2>&1};
    return ($? & 127 || $? >> 8, $said);
}

sub tree {
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub { push @found, substr $_, length $dest if !-d } }, $dest) if -d $dest;
    return join "\n", sort @found;
}

sub text {
    my ($file) = @_;
    local $/;
    open my $in, '<', $file or return '';
    return <$in> // '';
}
sub slurp { return text("$dest$_[0]") }

my ($status, $said) = make('uninstall');
isnt($status, 0, 'nothing to uninstall is an error');
like($said, qr{no \Q$dest\E/usr/local/share/auth-platform/installed}, 'which says what is missing');

($status, $said) = make('install');
is($status, 0, 'installed') or diag $said;
my $share = '/usr/local/share/auth-platform';
my @wanted = ("$modules/mod_auth_platform.so", '/usr/local/sbin/authplatform', "$share/site/signin.html",
    map {"$share/$_.dist"} qw(auth_platform.load auth_platform.conf production.conf .env.example));
ok(-f "$dest$_", $_) for @wanted, map { m{([^/]+)\z}; "$share/guides/$1" } glob "$top/conf/guides/*.md";
my @odd = grep { my $mode = (stat "$dest$_")[2] & 07777; $mode != (m{/sbin/} || -d "$dest$_" ? 0755 : 0644) } split /\n/, tree();
is("@odd", '', 'everybody may read all of it, and run the tool alone');
is(system("cmp -s '$top/" . ($ENV{OUT} || 'build/out') . "/debug/authplatform' '$dest$wanted[1]'"), 0, 'the tool is the one that was built') if ($ENV{OUT} || '') !~ m{^/};
unlike(tree(), qr{^(?!/usr/)|/whoami|/admin/|demo}m, 'nothing below /etc, nothing of the demo');

# Everything that the page loads is installed, and is found from any path of the page.
my @pending = ('site/signin.html');
my %seen;
while (defined(my $file = shift @pending)) {
    next if $seen{$file}++;
    my $text = slurp("$share/$file");
    ok(length $text, "$file is there");
    (my $folder = $file) =~ s{/[^/]*\z}{};
    my @names = $file =~ /\.html\z/ ? $text =~ /(?:href|src)="([^"#:]+\.\w+)"/g : $text =~ /(?:from|import)\s*\(?\s*"\.\/([^"]+)"|url\("?([^")#:]+)/g;
    for my $name (grep { defined } @names) {
        unlike($name, qr{^/}, "$file names $name beside it");
        push @pending, "$folder/$name";
    }
}
cmp_ok(scalar keys %seen, '>=', 5, 'a page with its files');
is_deeply([sort map {"$share/$_"} keys %seen], [grep { m{/site/} } split /\n/, tree()], 'and no others');
unlike(slurp("$share/site/signin.html"), qr/demo/i, 'no word of the demo');
like(slurp("$share/production.conf.dist"), qr{^\s*Alias /signin \Q$share\E/site$}m, 'the sample site has it');

# Files that other users may have put into DESTDIR must not lead outside of it: neither `..` in the list nor symbolic links.
my $outside = File::Temp::tempdir(CLEANUP => 1);
system('touch', "$outside/precious", "$outside/linked");
system('ln', '-s', $outside, "$dest/away");
system('cp', "$dest$share/installed", "$outside/list");
for my $goal (qw(install uninstall)) {
    open my $list, '>>', "$dest$share/installed" or die "installed: $!";
    print {$list} "file ", '/..' x 12, "$outside/precious\nfile /away/linked\nfolder ", '/..' x 12, "$outside/empty\n";
    close $list;
    mkdir "$outside/empty";
    ($status, $said) = make($goal);
    is($status, 0, "$goal with a hostile list") or diag $said;
    ok(-e "$outside/$_", "$goal leaves $_ alone") for qw(precious linked empty);
    like($said, qr{precious is not below \Q$dest\E}, 'and says so');
}
is((make('install'))[0], 0, 'installed once more');
system('mv', "$dest$share/guides", "$outside/guides");
system('ln', '-s', "$outside/guides", "$dest$share/guides");
($status, $said) = make('install');
isnt($status, 0, 'a link that leads out of DESTDIR stops the installation');
like($said, qr{is not below}, 'which says why');
system('rm', "$dest$share/guides", "$dest/away");
system('mv', "$outside/guides", "$dest$share/guides");

# Installing over an older version removes files of that version, and no others.
my $tree = tree();
system('touch', "$dest$share/site/old.js", "$dest$share/mine.txt");
open my $list, '>>', "$dest$share/installed" or die "installed: $!";
print {$list} "file $share/site/old.js\n";
close $list;
is((make('install'))[0], 0, 'installed again');
ok(!-e "$dest$share/site/old.js", 'what is no longer part of it is gone');
is(tree(), join("\n", sort split(/\n/, $tree), "$share/mine.txt"), 'the rest is the same');
system('mkdir', '-p', "$dest/etc/auth_platform", "$dest/etc/apache2/mods-enabled");
system('touch', "$dest/etc/auth_platform/.env", "$dest/etc/apache2/mods-enabled/auth_platform.load");
($status, $said) = make('uninstall');
is($status, 0, 'uninstalled') or diag $said;
is(tree(), "/etc/apache2/mods-enabled/auth_platform.load\n/etc/auth_platform/.env\n$share/mine.txt", 'what it had put there is gone, and nothing else');
like($said, qr/a2dismod auth_platform/, 'it says that a server still loads the module');
system('rm', '-rf', "$dest/etc", "$dest$share/mine.txt");
isnt((make('uninstall'))[0], 0, 'a second time there is nothing');

# Another PREFIX, which the samples must name too. Folders that the installation made are removed with it.
is((make('install', 'PREFIX=/opt/authp'))[0], 0, 'installed below another prefix');
ok(-x "$dest/opt/authp/sbin/authplatform", 'the tool');
like(slurp('/opt/authp/share/auth-platform/production.conf.dist'), qr{^\s*Alias /signin /opt/authp/share/auth-platform/site$}m, 'the sample site');
like(slurp('/opt/authp/share/auth-platform/auth_platform.load.dist'), qr{^LoadModule auth_platform_module \Q$modules\E/mod_auth_platform\.so$}m, 'the load file');
is((make('uninstall', 'PREFIX=/opt/authp'))[0], 0, 'uninstalled');
is(tree(), '', 'no file is left');
ok(!-e "$dest/opt", 'nor a folder that it had made');
done_testing;
