# SPDX-License-Identifier: Apache-2.0
# Checks README.md and conf/guides/*.md without running their commands: size, links, blocks, and that every log line, directive, setting,
# route, command and target that they name exists. t/install/10_guide.t and 12_commands.t run their commands.
use strict;
use warnings FATAL => 'all';
use Cwd ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Guide ();
use AuthPlatform::Httpd ();
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
chdir $top or die "$top: $!\n";
my @guides = sort glob 'conf/guides/*.md';
my @for_users = ('README.md', @guides);
my @documents = (@for_users, glob('mod_auth_platform/*.md'), 'CHANGES.d/README.md');
sub text { return AuthPlatform::Httpd::slurp($_[0]) }
my $text = join '', map { text($_) } @for_users;

# --- size and links --------------------------------------------------------------------------------------------------
my @lines = split /\n/, text('README.md');
cmp_ok(scalar @lines, '<=', 220, 'README.md is short');
my %linked = map { $_ => 1 } AuthPlatform::Guide::links('README.md');
ok($linked{$_}, "README.md leads to $_") for @guides, '.env.example', 'conf/auth_platform.conf', 'mod_auth_platform/README.md';

# Returns an error if a link of a document leads nowhere; '' otherwise.
sub dead {
    my ($document, $link) = @_;
    return '' if $link =~ m{\Ahttps://[\w.-]+/[\w/.-]*\z};
    my ($file, $anchor) = $link =~ /\A([^#:]*)(?:#(.*))?\z/ or return "$document: $link is of no known form";
    (my $folder = $document) =~ s{[^/]*\z}{};
    my $path = length $file ? "$folder$file" : $document;
    return "$document: there is no $link" if !-e $path;
    # `make install` copies the guides without the rest of the tree.
    return "$document: $link leads out of the folder of the guides" if $document =~ m{/guides/} && Cwd::abs_path($path) !~ m{/conf/guides/[^/]+\z};
    return '' if !defined $anchor;
    return (grep { $_ eq $anchor } AuthPlatform::Guide::anchors($path)) ? '' : "$document: $path has no heading for $link";
}
for my $document (grep { -e } @documents) {
    my @links = AuthPlatform::Guide::links($document);
    is_deeply([grep { length } map { dead($document, $_) } @links], [], "$document: no link is dead");
}
like(dead('README.md', 'conf/guides/nothing.md'), qr/there is no/, 'a missing document is noticed');
like(dead('README.md', '#nothing'), qr/no heading/, 'a missing heading, too');
like(dead('conf/guides/production.md', '../auth_platform.conf'), qr/leads out/, 'and a guide that needs the tree');

# --- blocks ----------------------------------------------------------------------------------------------------------
for my $document (@for_users) {
    my @blocks = eval { AuthPlatform::Guide::all($document) };
    is($@, '', "$document: each block says what it is");
    my @hidden = grep { $_->{name} eq '' && $_->{text} =~ /^\s*(?:\$ |#? ?(?:curl|make|a2\w+|apache2ctl|apt-get|authplatform|install|sed) )/m } @blocks;
    is_deeply([map {"$document:$_->{line}"} @hidden], [], "$document: no command is in a block that no test runs");
    # A reader pastes all blocks into one shell. What a block changes there counts for the later ones: `make` needs the folder of the source.
    my @changing = grep { $_->{kind} eq 'sh' && $_->{text} =~ /^(?:cd|umask|set|exec|exit) /m } @blocks;
    is_deeply([map {"$document:$_->{line}"} @changing], [], "$document: no block changes the folder or the mask of the shell");
}

# --- what they name --------------------------------------------------------------------------------------------------
# Log lines: each line of the module is in the guide for troubleshooting with the words of the source, and no other.
my %said;
for my $file (grep { !/\.h\z/ } split /\n/, qx{grep -rlE 'AUTHP[0-9]{4}' mod_auth_platform}) {
    my $source = text($file);
    while ($source =~ /"(AUTHP\d{4})(?:: ((?:[^"\\]|\\.)*))?"(?:,\s*)?((?:\s*"(?:[^"\\]|\\.)*"|\s*\w+(?=\s+")|\s*PRId64(?=\s*"))*)/g) {
        my ($id, $begin, $rest) = ($1, $2 // '', $3 // '');
        my $format = $begin . join '', map { /^"(.*)"$/s ? $1 : '...' } $rest =~ /"(?:[^"\\]|\\.)*"|\w+/g;
        $format =~ s/%" ?\.\.\.|%[-0-9.]*(?:z|l|ll)?[a-zA-Z]?/.../g;
        $said{$id} = $format;
    }
}
cmp_ok(scalar keys %said, '>', 60, 'the source has log lines');
my $troubleshooting = text('conf/guides/troubleshooting.md');
my %named = map { $_ => 1 } $troubleshooting =~ /`(AUTHP\d{4})/g;
is_deeply([sort keys %named], [sort keys %said], 'troubleshooting.md has each line of the log, and no other');
while ($troubleshooting =~ /`(AUTHP\d{4}): ([^`]+)`/g) {
    my ($id, $words) = ($1, $2);
    my @parts = map {quotemeta} grep {length} split /\s*\.\.\.\s*/, $words;
    my $pattern = join '.*', @parts;
    like($said{$id} // '', qr/$pattern/s, "$id says what the guide has");
}
my %in_text = map { $_ => 1 } $text =~ /\b(AUTHP\d{4})\b/g;
is_deeply([grep { !$said{$_} } sort keys %in_text], [], 'no document names another line');

# Directives, settings, targets, commands, routes and files.
my $reference = text('conf/auth_platform.conf');
is_deeply([grep { $reference !~ /\b$_\b/ } sort keys %{ { map { $_ => 1 } $text =~ /\b(AuthPlatform[A-Z]\w+)/g } }], [], 'each directive is one');
my $settings = text('.env.example');
# Second names of settings, settings of other programs that are accepted, names that are refused as misspelt, and codes of errors.
my @accepted = text('mod_auth_platform/service/settings/settings_alias.c') =~ /"([A-Z_]+)"/g;
cmp_ok(scalar @accepted, '>', 10, 'the source has second names');
my %not_settings = map { $_ => 1 } @accepted, qw(RUN_DIR ENV_FILE TEST_JOBS MORE_PROFILES AUTHP_TEST_MONGO AUTHP_TEST_PG AUTH_USER_ID AUTH_EMAIL AUTH_EMAIL_VERIFIED AUTH_NAME AUTH_USERNAME AUTH_PHONE AUTH_ROLES AUTH_SESSION_ID REMOTE_USER JWT_SECRET MONGO_URL MONGO_DB OTP_SEND_FAILED MOBILE_INVALID);
is_deeply([grep { $settings !~ /^#?$_=/m && !$not_settings{$_} } sort keys %{ { map { $_ => 1 } $text =~ /`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g } }], [], 'each setting is one');
my $makefiles = join '', map { text($_) } 'Makefile', glob 'build/*.mk';
is_deeply([grep { $makefiles !~ /^(?:[\w -]+ )?\Q$_\E(?: [\w -]+)?:/m } sort keys %{ { map { $_ => 1 } $text =~ /`make ([a-z-]+)/g } }], [], 'each target is one');
my $help = qx{'$ENV{AUTHP_CLI}' --help};
my @commands = text('conf/guides/command-line.md') =~ /^\| (`.*?) \|/mg;
my %told = map { $_ => 1 } map {/`([^`]+)`/g} @commands;
my %has  = map { $_ => 1 } grep { !/^(?:help|version)\b/ } $help =~ /^  ([a-z][a-z-]+(?: [a-z-]+)?)  /mg;
is_deeply(\%told, \%has, 'command-line.md has each command of the tool');
is_deeply([grep { my ($first) = /\A([a-z-]+)/; $help !~ /^  \Q$_\E  /m } $text =~ /`authplatform ((?:user|session|invite|audit) [a-z-]+|migrate|purge|check-config|secret)[^`]*`/g], [], 'and no document another');
my $table = text('README.md');
my $routes = join '', map { text($_) } glob 'mod_auth_platform/api/profiles/platform/*.c';
my @paths = $routes =~ /\.path = "([^"]+)"/g;
cmp_ok(scalar @paths, '>', 20, 'the source has routes');
is_deeply([grep { $table !~ /`[^`]*\Q$_\E[`?]/ } @paths], [], 'README.md has each route');
done_testing;
