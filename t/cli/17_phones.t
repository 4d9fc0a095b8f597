#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Accounts with phone numbers: user create --phone, set-phone, and --phone wherever a user is named.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file);
use Test::More;

my $dir = folder();
my $file = env_file($dir);
my $password = 'correct horse 9';

sub tool {
    my ($args, %how) = @_;
    return run(['--env-file', $file, @{$args}], %how);
}

sub create { return tool(['user', 'create', @_], stdin => "$password\n") }
sub show { return json(tool(['user', 'show', '--json', @_])) }

my $sita = json(create(qw(--role seeker --phone), '98765 43210', '--json'));
is($sita->{phone}, '+919876543210', 'user create --phone: the number as E.164');
is($sita->{email}, undef, '... no address is needed');
is_deeply($sita->{roles}, ['seeker'], '... a role of phone mounts');
is_deeply([sort keys %{$sita}],
    [qw(created_at disabled email email_verified id identities is_recruiter_verified name phone roles)], '... and nothing else');
my $ada = json(create(qw(--role candidate --email ada@example.org --json)));
ok(!exists $ada->{phone}, 'an account without a number has no member phone');

# Refusals.
my $taken = create(qw(--role provider --phone +919876543210));
is($taken->{status}, 1, 'a number is for one account');
like($taken->{err}, qr/there is an account with this username, phone number or e-mail address already/, '... says why');
for my $bad ('12345', '+0123456789', '9876543210x', "98765\t43210", '5876543210') {
    my $no = create(qw(--role seeker --phone), $bad);
    is($no->{status}, 1, "no number: $bad");
    like($no->{err}, qr/--phone: This is no phone number/, '... says why');
}
is(create(qw(--role seeker))->{status}, 2, 'an account needs something to sign in with');
is(json(create(qw(--role seeker --phone +15552345678 --json)))->{phone}, '+15552345678', 'E.164 of another country');

# Finding.
for my $spelling ('+919876543210', '9876543210', '+91 (98765) 43-210') {
    is(show('--phone', $spelling)->{id}, $sita->{id}, "user show --phone $spelling");
    is_deeply([map { $_->{id} } @{ json(tool(['user', 'list', '--json', '--phone', $spelling]))->{items} }], [$sita->{id}], '... user list');
}
is(show(qw(--phone +15552345678))->{phone}, '+15552345678', '... of another country');
like(tool(['user', 'show', '--phone', '9876543210'])->{out}, qr/^phone: +\+919876543210$/m, '... for people');
like(tool(['user', 'list'])->{out}, qr/^$sita->{id}  \+919876543210 +seeker /m, '... in the table, which shows it for want of an address');
is_deeply(json(tool(['user', 'list', '--json', '--phone', '9876543219']))->{items}, [], 'a list of none');
my $nobody = tool(['user', 'show', '--phone', '9876543219']);
is($nobody->{status}, 1, 'nobody has it');
like($nobody->{err}, qr/there is no user with this phone number/, '... says why');
is(tool([qw(user show --phone 9876543210 --email a@b.c)])->{status}, 2, 'one way to name a user at a time');
is(tool([qw(user list --phone 9876543210 --role seeker)])->{status}, 2, 'a list by number has no other filter');

# set-phone.
my $set = tool([qw(user set-phone --email ada@example.org --number 9876543211)]);
is($set->{status}, 0, 'user set-phone') or diag $set->{err};
like($set->{out}, qr/\Aset the number of user $ada->{id}\n/, '... for people');
is(show(qw(--email ada@example.org))->{phone}, '+919876543211', '... it is set');
like(tool([qw(user set-phone --email ada@example.org --number +919876543211)])->{out}, qr/\Anothing to change about user $ada->{id}\n/, '... once');
my $other = tool([qw(user set-phone --email ada@example.org --number 9876543210)]);
is($other->{status}, 1, 'not to the number of somebody else');
is(show(qw(--email ada@example.org))->{phone}, '+919876543211', '... nothing changes');
is(tool([qw(user set-phone --email ada@example.org --number 12)])->{status}, 1, 'not to what is no number');
for my $neither ([], [qw(--number 9876543212 --none)]) {
    my $usage = tool([qw(user set-phone --email ada@example.org), @{$neither}]);
    is($usage->{status}, 2, 'either a number or none');
    like($usage->{err}, qr/give either --number or --none/, '... says so');
}
my $none = tool([qw(user set-phone --phone 9876543211 --none)]);
is($none->{status}, 0, 'user set-phone --none');
is($none->{err}, '', '... the account still has an address');
ok(!exists show(qw(--email ada@example.org))->{phone}, '... it has no number');
my $locked = tool(['user', 'set-phone', '--id', $sita->{id}, '--none']);
like($locked->{err}, qr/note: nobody can sign in to this account any more/, '... a note if it was the only way in');
is(tool([qw(user set-phone --email ada@example.org --number 9876543210)])->{status}, 0, '... and the number is free');

# An export and an import keep number and roles.
my $export = tool(['export']);
my $there = env_file(folder());
is(run(['--env-file', $there, 'import'], stdin => $export->{out})->{status}, 0, 'an export of them is imported');
is(json(run(['--env-file', $there, qw(user show --json --phone 9876543210)]))->{id}, $ada->{id}, '... with the number');

my $audit = json(tool([qw(audit list --json --event user_change)]));
is_deeply([map { $_->{reason} } @{ $audit->{items} }], [('phone') x 4], 'each change is in the audit');
is_deeply([map { $_->{subject_id} } @{ json(tool([qw(audit list --json --user +919876543210 --event user_create)]))->{items} }], [$ada->{id}],
    '... by number, too');
unlike(tool(['audit', 'list', '--json'])->{out}, qr/9876543/, '... without the numbers');
done_testing();
