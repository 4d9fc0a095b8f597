#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Changes of existing accounts: roles, disabling, verification, proven addresses, passwords, deletion.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder env_file sql);
use AuthPlatform::Httpd ();
use AuthPlatform::Terminal qw(available start expect type echoes finish release);
use Test::More;

my $dir = folder();
my $file = env_file($dir);
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
    return json(tool(['user', 'create', '--json', '--email', $email, '--role', $role, @more], stdin => "$password\n"));
}

# Runs user VERB --json for one account. Returns the output, with the document if it worked.
sub change {
    my ($verb, $user, @more) = @_;
    my $answer = tool(['user', $verb, '--json', '--id', $user->{id}, @more], stdin => "$password\n");
    $answer->{user} = $answer->{status} ? undef : json($answer);
    return $answer;
}

sub show { my ($user) = @_; return json(tool(['user', 'show', '--json', '--id', $user->{id}])) }

my $boss = create('boss@example.org', 'admin');
my $ada  = create('ada@example.org', 'candidate', '--name', 'Ada');
my $rita = create('rita@example.org', 'recruiter');

# Roles.
my $given = change('set-roles', $ada, '--roles', ' recruiter, candidate');
is($given->{status}, 0, 'set-roles') or diag $given->{err};
is_deeply($given->{user}, { %{$ada}, roles => ['recruiter', 'candidate'] }, '... gives the account as it is now');
is_deeply(show($ada), $given->{user}, '... and it is so');
like($given->{err}, qr/not verified.*verify-recruiter --id $ada->{id}/, '... a note: the role verifies nobody, and what would');
my $same = tool(['user', 'set-roles', '--email', ' ADA@example.org', '--roles', 'candidate,recruiter']);
is($same->{status}, 0, '... by e-mail, the same in another order');
like($same->{out}, qr/\Anothing to change about user $ada->{id}\n/, '... says that nothing changes');
is_deeply(change('set-roles', $ada, '--roles', '-')->{user}{roles}, [], '... and none at all');
my $told = tool(['user', 'set-roles', '--id', $ada->{id}, '--roles', 'candidate']);
like($told->{out}, qr/\Achanged the roles of user $ada->{id}\n.*^roles: +candidate$/ms, '... for people');
is($told->{err}, '', '... nothing to note');
for my $case (['an unknown one', 'candidate,boss', qr/no such role; ROLES has candidate,recruiter,admin/], ['twice', 'admin,admin', qr/admin is given twice/],
    ['only commas', ',,', qr/No role is given/]) {
    my ($name, $roles, $message) = @{$case};
    my $answer = change('set-roles', $ada, '--roles', $roles);
    is($answer->{status}, 1, "set-roles, $name: status 1");
    like($answer->{err}, qr/--roles: .*$message/, '... says why');
}
is_deeply(show($ada), $ada, '... and changes nothing');

# Verification.
my $refused = change('verify-recruiter', $ada);
is($refused->{status}, 1, 'verify-recruiter of a candidate: status 1');
like($refused->{err}, qr/neither is a recruiter nor asked to be one.*user set-roles/, '... says why and what to do');
is(change('withdraw-recruiter', $ada)->{status}, 1, '... the same for withdraw-recruiter');
my $verified = change('verify-recruiter', $rita);
is_deeply($verified->{user}, { %{$rita}, is_recruiter_verified => JSON::PP::true }, 'verify-recruiter');
is($verified->{err}, '', '... nothing to note');
like(tool(['user', 'verify-recruiter', '--id', $rita->{id}])->{out}, qr/\Anothing to change .*^state: +active$/ms, '... once');
my $withdrawn = tool(['user', 'withdraw-recruiter', '--email', 'rita@example.org']);
is($withdrawn->{status}, 0, 'withdraw-recruiter') or diag $withdrawn->{err};
like($withdrawn->{out}, qr/\Awithdrew the verification of user $rita->{id}\n.*^state: +recruiter pending$/ms, '... for people');
is_deeply(show($rita), $rita, '... and it is so');
is($withdrawn->{err}, '', '... with nothing to note');
change('disable', $rita);
like(change('verify-recruiter', $rita)->{err}, qr/\Aauthplatform: note: this account stays disabled until: user enable --id $rita->{id}\n\z/, 'verifying somebody who is locked out notes that');
is(change('withdraw-recruiter', $rita)->{err}, '', '... withdrawing it does not');
is(change('enable', $rita)->{err}, "authplatform: note: this recruiter is not verified and does not count as one: user verify-recruiter --id $rita->{id}\n", '... nor is who is let in again verified');

# Disabling.
my $out = change('disable', $ada);
is_deeply($out->{user}, { %{$ada}, disabled => JSON::PP::true }, 'disable');
is($out->{err}, '', '... of somebody who is no admin: nothing to note');
like(tool(['user', 'disable', '--id', $ada->{id}])->{out}, qr/\Anothing to change/, '... once');
like(change('set-roles', $ada, '--roles', 'candidate')->{err}, qr/stays disabled until: user enable --id $ada->{id}/, 'what else is done to it notes that');
like(change('reset-password', $ada)->{err}, qr/stays disabled until/, '... a password too');
like(tool(['user', 'enable', '--email', 'ada@example.org'])->{out}, qr/\Aenabled user $ada->{id}\n.*^state: +active$/ms, 'enable');
is_deeply(show($ada), $ada, '... and it is so');

# A proven address. The tool itself makes accounts whose address is proven.
sql($dir, "UPDATE users SET email_verified = 0 WHERE id = '$ada->{id}'");
unlike(tool(['user', 'show', '--id', $ada->{id}])->{out}, qr/\(verified\)/, 'an address that was never proven');
my $proven = tool([qw(user verify-email --email), ' ADA@example.org']);
is($proven->{status}, 0, 'verify-email') or diag $proven->{err};
like($proven->{out}, qr/\Athe e-mail address of user $ada->{id} is proven now\n.*^e-mail: +ada\@example\.org \(verified\)$/ms, '... for people');
is($proven->{err}, '', '... nothing to note');
is_deeply(show($ada), $ada, '... and it is so');
like(tool([qw(user verify-email --id), $ada->{id}])->{out}, qr/\Athe e-mail address of user $ada->{id} was proven already\n/, '... once');
is_deeply(change('verify-email', $ada)->{user}, $ada, '... and gives the account to programs');
my ($entry) = grep { $_->{subject_id} eq $ada->{id} } @{ json(tool([qw(audit list --json --event email_verify)]))->{items} };
is_deeply([@{$entry}{qw(actor_id outcome)}], ['cli', 'ok'], '... the audit has it');
change('disable', $ada);
is(change('verify-email', $ada)->{err}, "authplatform: note: this account stays disabled until: user enable --id $ada->{id}\n", '... of a disabled account: a note');
change('enable', $ada);
my $nameless = json(tool([qw(user create --json --role candidate --username nameless)], stdin => "$password\n"));
my $nothing  = change('verify-email', $nameless);
is_deeply([@{$nothing}{qw(status out err)}], [1, '', "authplatform: this account has no e-mail address\n"], '... of an account without one');
is(tool([qw(user verify-email --email nobody@example.org)])->{err}, "authplatform: there is no user with this e-mail address\n", '... of nobody');

# Passwords.
my $reset = tool(['user', 'reset-password', '--email', 'ada@example.org'], stdin => "another horse 7\n");
is($reset->{status}, 0, 'reset-password') or diag $reset->{err};
is($reset->{out}, "set the password of user $ada->{id}, whose sessions have ended\n", '... says what it did');
is_deeply(change('reset-password', $ada)->{user}, $ada, '... and gives the account to programs');
for my $case (['short', 'x' x 7, qr/at least 8/], ['common', 'Password123', qr/too common/], ['none', '', qr/no password/], ['no UTF-8', "xxxx\xffxxxx", qr/UTF-8/]) {
    my ($name, $typed, $message) = @{$case};
    my $answer = tool(['user', 'reset-password', '--id', $ada->{id}], stdin => "$typed\n");
    is($answer->{status}, 1, "reset-password, $name: status 1");
    like($answer->{err}, $message, '... says why');
    is($answer->{out}, '', '... and no answer');
}
unlike($everything, qr/\Q$password\E|another horse|\$2[aby]\$/, 'no password and no hash in anything the tool wrote');

# The last admin can be removed, with a note.
my $second = create('second@example.org', 'admin');
is(change('disable', $second)->{err}, '', 'an admin who is not the last: no note');
for my $case ([qw(set-roles --roles candidate)], ['disable']) {
    my $answer = change($case->[0], $boss, @{$case}[1 .. $#{$case}]);
    is($answer->{status}, 0, "$case->[0] of the last admin who can sign in");
    like($answer->{err}, qr/note: that was the last admin.*user create --role admin/, '... is done with a note');
    is(change($_->[0], $boss, @{$_}[1 .. $#{$_}])->{err}, '', "... $_->[0] undoes it") for $case->[0] eq 'disable' ? ['enable'] : [qw(set-roles --roles admin)];
}
my $last = tool(['user', 'delete', '--yes', '--id', $boss->{id}]);
is($last->{status}, 0, 'delete of the last admin');
is($last->{out}, "deleted user $boss->{id}\n", '... for people');
like($last->{err}, qr/note: that was the last admin/, '... is done with a note');
is(change('delete', $second, '--yes')->{err}, '', 'a disabled admin was none who could administer: no note');

# Deletion.
my $bare = tool(['user', 'delete', '--id', $ada->{id}]);
is($bare->{status}, 2, 'delete where nobody can be asked, without --yes: status 2');
like($bare->{err}, qr/--yes/, '... says how');
is_deeply(show($ada), $ada, '... and deletes nothing');
is_deeply(json(tool(['user', 'delete', '--json', '--yes', '--email', 'ada@example.org'])), { id => $ada->{id}, deleted => JSON::PP::true }, 'delete --json');
is(tool(['user', 'show', '--id', $ada->{id}])->{status}, 1, '... it is gone');
is(create('ada@example.org', 'candidate')->{email}, 'ada@example.org', '... and the address is free');

SKIP: {
    skip 'Linux pseudo-terminals only', 14 if !available();
    my $named = json(tool(['user', 'create', '--json', '--role', 'candidate', '--username', 'grace_h.1'], stdin => "$password\n"));
    my $asked = start($dir, 'user', 'delete', '--username', 'grace_h.1');
    ok(expect($asked, qr/Delete user $named->{id} \(grace_h\.1\) for good\? Type yes: \z/), 'an account without an address: asks with its username');
    type($asked, "no\n");
    ok(expect($asked, qr/nothing was deleted/), '... and does what it is told');
    is(finish($asked), 1, '... status 1');
    release($asked);
    is_deeply(show($named), $named, '... and it is so');
    for my $case (["no\n", 1, qr/nothing was deleted/], ["\cD", 1, qr/nothing was deleted/], ["yes\n", 0, qr/deleted user $rita->{id}/]) {
        my ($typed, $status, $message) = @{$case};
        my $tool = start($dir, 'user', 'delete', '--id', $rita->{id});
        ok(expect($tool, qr/Delete user $rita->{id} \(rita\@example\.org\) for good\? Type yes: \z/), 'on a terminal: asks')
            if $status == 0;
        expect($tool, qr/yes: \z/);
        type($tool, $typed);
        ok(expect($tool, $message), '... and does what it is told');
        is(finish($tool), $status, "... status $status");
        release($tool);
        is(tool(['user', 'show', '--id', $rita->{id}])->{status}, 1 - $status, '... and it is so');
    }
}

# Every command that takes an account selects it by the same options.
for my $verb (['set-roles', '--roles', 'admin'], ['disable'], ['enable'], ['verify-recruiter'], ['withdraw-recruiter'], ['reset-password'], ['unlink', '--provider', 'google'], ['delete', '--yes']) {
    my ($name, @more) = @{$verb};
    my $nobody = tool(['user', $name, '--email', 'nobody@example.org', @more], stdin => "$password\n");
    is($nobody->{status}, 1, "$name of nobody: status 1");
    like($nobody->{err}, qr/\Aauthplatform: there is no user with this e-mail address\n\z/, '... in a sentence');
    is($nobody->{out}, '', '... and no answer');
    like(tool(['user', $name, '--id', '0' x 24, @more])->{err}, qr/there is no user with this id/, '... by id');
    for my $which ([], ['--email', 'a@b.c', '--id', '0' x 24], ['--id', 'A' x 24]) {
        my $usage = tool(['user', $name, @{$which}, @more]);
        is($usage->{status}, 2, "... @{$which}: status 2");
        like($usage->{err}, @{$which} == 2 ? qr/24 characters/ : qr/--email or by --id/, '... says how to name one');
    }
}
is(tool(['user', 'set-roles', '--id', '0' x 24])->{status}, 2, 'set-roles without roles: status 2');

# A store that does not answer.
my $down = env_file(folder(), AUTH_STORE => 'mongodb', MONGODB_URI => 'mongodb://127.0.0.1:' . AuthPlatform::Httpd::free_port() . '/', MONGODB_DB => 'none');
for my $args (['user', 'disable', '--email', 'a@b.c'], ['session', 'end', '--session', '0' x 24], ['invite', 'list'], ['invite', 'create', '--email', 'a@b.c']) {
    my $answer = run(['--env-file', $down, @{$args}]);
    is($answer->{status}, 1, "@{$args}[0, 1] without a store: status 1");
    like($answer->{err}, qr/^authplatform: the store cannot be reached, does not answer in time, or refuses a statement$/m, '... says why');
    like($answer->{err}, qr/^authplatform: note: the database is "none" of mongodb, as \S+ says$/m, '... and which store it is');
    is($answer->{out}, '', '... and no answer');
}

# A change that is done is told as done, although the tool then cannot find out whether an admin is left: the other admin's row is damaged.
my $odd = folder();
my $with = env_file($odd);
for my $email ('first@example.org', 'second@example.org') {
    is(run(['--env-file', $with, qw(user create --role admin --email), $email], stdin => "$password\n")->{status}, 0, "an admin, $email");
}
sql($odd, q[UPDATE users SET identities = '{' WHERE email = 'second@example.org']);
my $half = run(['--env-file', $with, qw(user disable --json --email first@example.org)]);
is($half->{status}, 0, 'an admin is disabled beside a damaged one: status 0');
ok(json($half)->{disabled}, '... and shown');
like($half->{err}, qr/^authplatform: note: it is done, but the tool could not check if another admin is left: see user list --role admin$/m, '... with a note');

done_testing();
