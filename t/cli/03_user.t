#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# user create, list, show and migrate on SQLite, with the password from standard input.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file write_file sql);
use JSON::PP ();
use Test::More;

my $dir = folder();
my $refused = write_file("$dir/refused", "acme-widgets\n");
my $file = env_file($dir, PASSWORD_REFUSED_FILE => $refused);
my $password = 'correct horse 9';
my $everything = '';

sub tool {
    my ($args, %how) = @_;
    my $answer = run(['--env-file', $file, @{$args}], %how);
    $everything .= $answer->{out} . $answer->{err};
    return $answer;
}

sub create {
    my ($email, $role, @more) = @_;
    return tool(['user', 'create', '--email', $email, '--role', $role, @more], stdin => "$password\n");
}

my $migrated = tool(['migrate', '--json']);
is($migrated->{status}, 0, 'migrate on a fresh state folder') or diag $migrated->{err};
cmp_ok(json($migrated)->{applied}, '>=', 1, '... applies steps');
is(json(tool(['migrate', '--json']))->{applied}, 0, '... once');
is(tool(['migrate'])->{out}, "sqlite: up to date\n", '... and says so to people');
my ($steps) = map { $_->[0] } sql($dir, 'SELECT max(step) FROM schema_migrations');
is(run(['--env-file', env_file(folder()), 'migrate'])->{out}, "sqlite: $steps steps applied\n", '... as it does of all steps');
is(tool(['migrate', '--to', $steps - 1])->{status}, 0, '... takes the last one back');
is(tool(['migrate'])->{out}, "sqlite: 1 step applied\n", '... and of one');

is(json(tool(['purge', '--json']))->{removed}, 0, 'purge finds nothing to remove');
like(tool(['purge'])->{out}, qr/^0 rows removed$/m, '... and says so to people');

my $made = create('  Ada@Example.ORG ', 'admin', '--name', 'Ada Lovelace', '--json');
is($made->{status}, 0, 'the first admin') or diag $made->{err};
my $ada = json($made);
is($ada->{email}, 'ada@example.org', '... e-mail trimmed and in lower case');
is_deeply($ada->{roles}, ['admin'], '... roles');
is($ada->{name}, 'Ada Lovelace', '... name');
like($ada->{id}, qr/\A[0-9a-f]{24}\z/, '... id');
like($ada->{created_at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z/, '... created_at');
is_deeply([sort keys %{$ada}],
    [qw(created_at disabled email email_verified id identities is_recruiter_verified name roles)], '... and nothing else');
is((stat "$dir/state")[2] & 0077, 0, 'the state folder is for its owner only');

my $again = create('ADA@example.org', 'candidate');
is($again->{status}, 1, 'the same address again: status 1');
like($again->{err}, qr/already/, '... says why');

my $pending = create('rita@example.org', 'recruiter');
is($pending->{status}, 0, 'a recruiter');
like($pending->{err}, qr/not verified/, '... with a note');
like($pending->{out}, qr/recruiter pending/, '... and its state');
my $verified = json(create('rob@example.org', 'recruiter', '--verified', '--json'));
ok($verified->{is_recruiter_verified}, 'a verified recruiter');
is($verified->{name}, undef, '... without a name');
is(create('ria@example.org', 'recruiter', '--verified')->{err}, '', '... who can sign in at once: nothing to note');
is(create('cora@example.org', 'candidate')->{err}, '', '... as anybody else');
is(tool(['user', 'delete', '--yes', '--email', $_])->{status}, 0, "$_ goes") for 'ria@example.org', 'cora@example.org';

# name, arguments, password, message
my @refused = (
    ['bad e-mail', ['--email', 'ada', '--role', 'admin'], 'x' x 9, qr/--email: /],
    ['e-mail that is no UTF-8', ['--email', "a\xff\@b.c", '--role', 'admin'], 'x' x 9, qr/UTF-8/],
    ['control character in the name', ['--email', 'c@d.e', '--role', 'admin', '--name', "a\e[2Jb"], 'x' x 9, qr/--name: /],
    ['unknown role', ['--email', 'c@d.e', '--role', 'boss'], 'x' x 9, qr/--role: .*candidate,recruiter,admin/],
    ['short password', ['--email', 'c@d.e', '--role', 'admin'], 'x' x 7, qr/at least 8/],
    ['long password', ['--email', 'c@d.e', '--role', 'admin'], 'x' x 73, qr/72 bytes/],
    ['a NUL in it', ['--email', 'c@d.e', '--role', 'admin'], "xxxx\0xxxx", qr/NUL/],
    ['a common one', ['--email', 'c@d.e', '--role', 'admin'], 'PassWord1234', qr/too common/],
    ['one of the file', ['--email', 'c@d.e', '--role', 'admin'], 'ACME-widgets', qr/too common/],
    ['no UTF-8', ['--email', 'c@d.e', '--role', 'admin'], "xxxx\xffxxxx", qr/UTF-8/],
    ['none', ['--email', 'c@d.e', '--role', 'admin'], '', qr/no password/],
    ['endless', ['--email', 'c@d.e', '--role', 'admin'], 'x' x 5000, qr/too long/],
);
for my $case (@refused) {
    my ($name, $args, $typed, $message) = @{$case};
    my $answer = tool(['user', 'create', @{$args}], stdin => "$typed\n");
    is($answer->{status}, 1, "$name: status 1");
    like($answer->{err}, $message, '... says why');
    is($answer->{out}, '', '... and no answer');
}
is(json(tool(['user', 'list', '--json', '--email', 'c@d.e']))->{items}[0], undef, 'none of them made an account');

# The built-in list can be switched off. A list of the operator's own still applies.
my $lenient = env_file(folder(), PASSWORD_REFUSED_FILE => $refused, PASSWORD_REFUSE_COMMON => 'false');
sub leniently { return run(['--env-file', $lenient, 'user', 'create', '--email', $_[0], '--role', 'candidate'], stdin => "$_[1]\n") }
is(leniently('c@d.e', 'PassWord1234')->{status}, 0, 'PASSWORD_REFUSE_COMMON=false takes a common one');
like(leniently('e@d.e', 'acme-widgets')->{err}, qr/too common/, 'and none of the file');

is(tool(['user', 'create', '--email', 'nonl@example.org', '--role', 'candidate'], stdin => $password)->{status},
    0, 'a password without a newline');
is(tool(['user', 'create', '--email', 'crlf@example.org', '--role', 'candidate'], stdin => "$password\r\n")->{status},
    0, 'a password with CRLF');

my $shown = tool(['user', 'show', '--email', 'ADA@example.org', '--json']);
is_deeply(json($shown), $ada, 'show by e-mail');
is_deeply(json(tool(['user', 'show', '--json', '--id', $ada->{id}])), $ada, 'show by id');
like(tool(['user', 'show', '--id', $ada->{id}])->{out}, qr/^e-mail: +ada\@example\.org \(verified\)$/m, 'show for people: an address that the tool was told counts as proven');
is(tool(['user', 'show', '--email', 'nobody@example.org'])->{status}, 1, 'nobody: status 1');
is(tool(['user', 'show', '--id', '0' x 24])->{status}, 1, 'no such id: status 1');

my $all = json(tool(['user', 'list', '--json']));
is_deeply([sort map { $_->{email} } @{ $all->{items} }],
    [map { "$_\@example.org" } qw(ada crlf nonl rita rob)], 'list');
is_deeply([map { $_->{id} } @{ $all->{items} }], [sort map { $_->{id} } @{ $all->{items} }], '... in the order of ids');
ok(exists $all->{next_cursor} && !defined $all->{next_cursor}, '... all of it');
is_deeply([sort map { $_->{email} } @{ json(tool(['user', 'list', '--json', '--role', 'recruiter']))->{items} }],
    ['rita@example.org', 'rob@example.org'], 'by role');
is_deeply([sort map { $_->{email} } @{ json(tool(['user', 'list', '--json', '--email', 'R']))->{items} }],
    ['rita@example.org', 'rob@example.org'], 'by the beginning of the address');
is(scalar @{ json(tool(['user', 'list', '--json', '--email', '%']))->{items} }, 0, '... taken literally');
is(tool(['user', 'list', '--role', 'boss'])->{status}, 1, 'by an unknown role: status 1');

my @paged;
my $after;
do {
    my $page = json(tool(['user', 'list', '--json', '--limit', '2', $after ? ('--after', $after) : ()]));
    push @paged, map { $_->{email} } @{ $page->{items} };
    $after = $page->{next_cursor};
} while ($after && @paged < 20);
is_deeply(\@paged, [map { $_->{email} } @{ $all->{items} }], 'page by page');

my $table = tool(['user', 'list']);
like($table->{out}, qr/\AID +E-MAIL +ROLES +STATE +CREATED +NAME\n/, 'a table for people');
like($table->{out}, qr/^$ada->{id}  ada\@example\.org +admin +active +\S+ +Ada Lovelace$/m, '... with its rows');
is($table->{err}, '', '... all of them');
like(tool(['user', 'list', '--limit', '2'])->{err}, qr/--after [0-9a-f]{24}/, 'a page says how to go on');

# Accounts with a username and no address.
sub name { return tool(['user', 'create', '--role', 'candidate', @_], stdin => "$password\n") }
is(name()->{status}, 2, 'neither an address nor a username: status 2');
like(name('--username', $_)->{err}, qr/--username: /, "no username: $_") for 'ab', 'a b', 'gra@ce', 'J\xc3\xb6rg', 'x' x 151;
my $grace = json(name('--username', 'Grace_H.1', '--json'));
is($grace->{username}, 'grace_h.1', 'a username is kept in lower case');
is_deeply([@{$grace}{qw(email email_verified)}], [undef, JSON::PP::false], '... without an address, of which none is proven');
my $taken = name('--username', 'GRACE_h.1', '--email', 'grace@example.org');
is($taken->{status}, 1, 'the same username again: status 1');
like($taken->{err}, qr/username, phone number or e-mail address already/, '... says why');
my $both = json(name('--username', 'gracious', '--email', 'grace@example.org', '--json'));
is_deeply([@{$both}{qw(email username)}], ['grace@example.org', 'gracious'], 'both');
is(json(tool([qw(user show --json --username GRACE_h.1)]))->{id}, $grace->{id}, 'show by username');
like(tool([qw(user show --username grace_h.1)])->{out}, qr/^e-mail: +-\nusername: +grace_h\.1$/m, '... for people');
my $none = tool([qw(user show --username nobody)]);
is($none->{status}, 1, '... of nobody: status 1');
like($none->{err}, qr/no user with this username/, '... says why');
is(tool([qw(user show --username gracious --email grace@example.org)])->{status}, 2, '... not by two names');
is_deeply([map { $_->{username} } @{ json(tool([qw(user list --json --username GRAC)]))->{items} }], ['grace_h.1', 'gracious'],
    'list by the beginning of the username');
is(scalar @{ json(tool([qw(user list --json --username grac --email grace)]))->{items} }, 1, '... and of the address');
like(tool([qw(user list)])->{out}, qr/^$grace->{id}  grace_h\.1 +candidate +active /m, 'the table has it where others have the address');
is(tool([qw(user disable --username Grace_h.1)])->{status}, 0, 'other commands take it, too');
like(tool([qw(audit list --user GRACE_h.1)])->{out}, qr/ user_change  .* disabled  cli  $grace->{id} /, '... and the audit');
like(tool([qw(audit list --user nobody)])->{err}, qr/no user with this username/, '... of nobody');
is(json(tool([qw(session end --json --username grace_h.1)]))->{ended}, 0, '... sessions');
is(tool([qw(user delete --yes --username gracious)])->{status}, 0, '... deletion');
is(name('--username', 'gracious')->{status}, 0, '... after which the username is free');

unlike($everything, qr/\Q$password\E|\$2[aby]\$/, 'no password and no hash in anything the tool wrote');

done_testing();
