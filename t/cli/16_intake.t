#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# import --format: the files of t/cli/imports are read, each person signs in with the old password, the hash is ours afterwards, and a second
# import changes nothing. What is stored is read by the command export, which works on every store.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder write_file slurp);
use AuthPlatform::Httpd;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $files = "$FindBin::Bin/imports";
my $key   = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';
my @scrypt = ('--hash-algo', 'SCRYPT', '--hash-key', $key, '--salt-separator', 'Bw==', '--rounds', 8, '--mem-cost', 14);

my $httpd = AuthPlatform::Httpd->new->start;
my @env   = ('--env-file', "$httpd->{dir}/.env");

sub import_as {
    my ($format, $file, @more) = @_;
    return run([@env, '--json', 'import', '--format', $format, '--in', $file, @more]);
}

# All accounts by address, or by username or number without one.
sub stored {
    my $export = run([@env, 'export']);
    is($export->{status}, 0, 'export') or diag $export->{err};
    my %users;
    for my $line (split /\n/, $export->{out}) {
        my $user = JSON::PP->new->decode($line)->{user} or next;
        $users{ $user->{email} // $user->{username} // $user->{phone} } = $user;
    }
    return \%users;
}

sub sign_in {
    my ($name, $password) = @_;
    return $httpd->api('/login', { ($name =~ /\@/ ? 'email' : 'username') => $name, password => $password });
}

# format, file, options, accounts that are added, entries that are left out, notes, passwords (of people who may sign in)
my @FILES = (
    ['csv', 'table.csv', [], 6, 2,
        [qr/^line 6: barbara\@example\.org: the password hash cannot be used \(.+\): imported without a password$/,
            qr/^line 7: not an address: this is not a valid e-mail address: skipped$/,
            qr/^line 8: ADA\@example\.org: the file has this address, username or number before: skipped$/,
            qr/^line 9: donald\@example\.org: email_verified is neither true nor false$/,
            qr/^line 9: donald\@example\.org: the name is too long or has control characters: left out$/,
            qr/^line 9: donald\@example\.org: the role "editor" is not in ROLES: left out$/],
        { map { ("$_\@example.org" => "$_ old password") } qw(ada grace linus edsger) }],
    ['firebase', 'firebase-users.json', \@scrypt, 6, 0,
        [qr/^entry 6 \(line \d+\): fay\@example\.org: the identity at "facebook\.com" is not taken over$/],
        { 'user1@example.org' => 'user1password', 'rob@example.org' => 'rob old password' }],
    ['auth0', 'auth0-hashes.ndjson', [], 3, 0, [], { map { ("$_\@example.org" => "$_ old password") } qw(nia omar) }],
    ['auth0', 'auth0-import.json', [], 5, 0,
        [qr/^entry 5 \(line \d+\): uma\@example\.org: the password hash cannot be used \(its algorithm cannot be verified here\): imported without a password$/],
        { map { ("$_\@example.org" => "$_ old password") } qw(quinn rita sam tess) }],
    ['supabase', 'supabase-users.csv', [], 3, 2,
        [qr/^line 5: 6f1d\S+: the account is anonymous: skipped$/, qr/^line 6: yuri\@example\.org: the account was deleted: skipped$/],
        { map { ("$_\@example.org" => "$_ old password") } qw(vera walt) }],
    ['supabase', 'supabase-users.json', [], 1, 0, [qr/^entry 1 \(line 1\): zoe\@example\.org: the identity at "discord" is not taken over$/],
        { 'zoe@example.org' => 'zoe old password' }],
    ['keycloak', 'keycloak-realm.json', [], 2, 1,
        [qr/^entry 2 \(line \d+\): betty\@example\.org: the identity at "saml-corp" is not taken over$/,
            qr/^entry 2 \(line \d+\): betty\@example\.org: its second factor is not taken over$/,
            qr/^entry 3 \(line \d+\): service-account-shop: the account belongs to a client, not to a person: skipped$/],
        { map { ("$_\@example.org" => "$_ old password") } qw(alan betty) }],
    ['keycloak', 'keycloak-users-0.json', [], 2, 0,
        [qr/^entry 2 \(line \d+\): dave\@example\.org: the password hash cannot be used \(the password is in the file as plain text\): imported without a password$/],
        { carol => 'carol old password' }],
);

sub notes_are {
    my ($notes, $wanted) = @_;
    is(scalar @$notes, scalar @$wanted, '... as many notes as there should be') or diag join "\n", @$notes;
    for my $one (@$wanted) {
        is(scalar(grep { /$one/ } @$notes), 1, "... a note like $one");
    }
    return;
}

for my $row (@FILES) {
    my ($format, $name, $options, $added, $left_out, $notes, $passwords) = @$row;
    my $file   = "$files/$name";
    my $before = stored();

    my $dry = import_as($format, $file, @$options, '--dry-run');
    is($dry->{status}, 0, "$name: --dry-run") or diag $dry->{err};
    is(json($dry)->{users}{added}, $added, '... counts the accounts');
    is_deeply(stored(), $before, '... and writes none');

    my $answer = import_as($format, $file, @$options);
    is($answer->{status}, 0, "$name is imported") or diag $answer->{err};
    my $said = json($answer);
    is_deeply([@{ $said->{users} }{qw(added replaced unchanged kept conflicts left_out)}], [$added, 0, 0, 0, 0, $left_out], '... the counts');
    notes_are($said->{notes}, $notes);
    my $after = stored();
    is(keys(%$after) - keys(%$before), $added, '... that many accounts are there');

    for my $person (sort keys %$passwords) {
        is(sign_in($person, "$passwords->{$person}?")->{status}, 401, "$person: a wrong password");
        my $in = sign_in($person, $passwords->{$person});
        is($in->{status}, 200, '... the old password') or diag "$after->{$person}{password_hash}: $in->{body}";
        is(sign_in($person, $passwords->{$person})->{status}, 200, '... again');
    }
    my $signed_in = stored();
    for my $person (sort keys %$passwords) {
        my ($old, $new) = map { $_->{$person}{password_hash} } $after, $signed_in;
        # A bcrypt hash is one of ours already, and these cost more than BCRYPT_ROUNDS asks for.
        is($new, $old, "$person: the bcrypt hash stays") if $old =~ /^\$2[aby]\$10\$/;
        like($new, qr/^\$2y\$04\$/, "$person: the hash is ours now") if $old !~ /^\$2/;
    }

    my $again = json(import_as($format, $file, @$options));
    is_deeply([@{ $again->{users} }{qw(added replaced conflicts left_out)}], [0, 0, 0, $left_out], "$name again: nothing new");
    is($again->{users}{kept} + $again->{users}{unchanged}, $added, '... all accounts are found');
    is_deeply(stored(), $signed_in, '... and nothing changes');
}

# --- what accounts have ----------------------------------------------------------------------------------------------
my $users = stored();
sub user_is {
    my ($name, %wanted) = @_;
    my $user = $users->{$name};
    my %have = map { $_ => $user->{$_} } keys %wanted;
    $have{identities} = [map { "$_->{provider} $_->{issuer} $_->{sub}" } @{ $user->{identities} || [] }] if $wanted{identities};
    return is_deeply(\%have, \%wanted, "$name has what the file says");
}
user_is('grace@example.org', name => 'Hopper, Grace "Amazing"', roles => [qw(candidate recruiter)]);
user_is('ada.google@example.org', identities => ['google https://accounts.google.com 110169484474386276334'], created_at => 1612137600456);
user_is('pia@example.org', identities => ['google https://accounts.google.com 110169484474386270001'], name => 'Pia P', roles => ['recruiter']);
user_is('zoe@example.org', identities => ['github https://github.com 583231', 'keycloak https://id.corp.example/realms/acme aa-bb'], name => 'Zoe Z');
user_is('betty@example.org', username => 'betty', identities => ['google https://accounts.google.com 110169484474386270002']);
user_is('omar@example.org', username => 'omar');
user_is('+15555550100', phone_used_at => 1700000000000, password_hash => undef);
is(sign_in('rob@example.org', 'rob old password')->{json}{user}{is_recruiter_verified}, JSON::PP::true(), 'a recruiter is verified');
for my $person ('mallory@example.org', 'xena@example.org', 'uma@example.org', 'dave@example.org') {
    my ($name) = $person =~ /^(\w+)/;
    is(sign_in($person, "$name old password")->{status}, 401, "$person is locked, as in the file");
    is($httpd->alive ? 1 : 0, 1, '... and the server lives');
}

# --- conflicts, refused files, wrong options -------------------------------------------------------------------------
my $dir = folder();
my $HEAD = "email,name,password_hash,updated_at\n";
my $conflict = import_as(csv => write_file("$dir/conflict.csv", "id,email,name,password_hash\n9,vera\@example.org,Other,\n10,new\@example.org,New,\n"));
is($conflict->{status}, 0, 'an address of another account is no failure');
is_deeply([@{ json($conflict)->{users} }{qw(added conflicts)}], [1, 1], '... the others are added');
like($conflict->{err}, qr/conflict.*vera\@example\.org/, '... and the address is named');
is(json($conflict)->{conflicts}[0]{email}, 'vera@example.org', '... also to programs');
is(stored()->{'vera@example.org'}{name}, 'Vera V', '... the account stays as it is');

# An account that is newer in the file is replaced, unless it was changed here since.
my @rows = map { "old$_\@example.org,Name,,2024-01-01T00:00:00Z\n" } 1, 2;
import_as(csv => write_file("$dir/first.csv", $HEAD . join '', @rows));
is(run([@env, 'user', 'disable', '--email', 'old2@example.org'])->{status}, 0, 'an account is changed here');
s/Name,,2024/Newer,,2025/ for @rows;
my $newer = json(import_as(csv => write_file("$dir/second.csv", $HEAD . join '', @rows)));
is_deeply([@{ $newer->{users} }{qw(added replaced kept conflicts)}], [0, 1, 1, 0], 'a newer file');
is_deeply([map { stored()->{"old$_\@example.org"}{name} } 1, 2], ['Newer', 'Name'], '... does not set back what was changed here');

# However late the file is, it unlocks nobody and gives no role back.
my @users = qw(locked renamed);
my $rows  = sub { my ($name, $at) = @_; return "email,name,password_hash,roles,disabled,updated_at\n" . join '', map { "again-$_\@example.org,$name,,admin,false,$at\n" } @users };
import_as(csv => write_file("$dir/again.csv", $rows->('Name', '2024-01-01T00:00:00Z')));
is(run([@env, 'user', 'disable', '--email', 'again-locked@example.org'])->{status}, 0, 'an account is locked here');
sleep 1.1;
my $late = import_as(csv => write_file("$dir/late.csv", $rows->('Newer', int(1000 * time) - 100)));
is_deeply([@{ json($late)->{users} }{qw(added replaced kept conflicts)}], [0, 1, 1, 0], 'a later file replaces the account that was not changed here');
like($late->{err}, qr/again-locked\@example\.org.*changed in this store since it was imported/, '... and names the one that was');
my $after = stored();
is_deeply([map { @{ $after->{"again-$_\@example.org"} }{qw(name disabled)} } @users], ['Name', JSON::PP::true(), 'Newer', JSON::PP::false()], '... which is still locked');

my $whole = slurp("$files/keycloak-realm.json");
for my $cut (0, 1, 100, length($whole) - 3) {
    my $answer = import_as(keycloak => write_file("$dir/cut.json", substr $whole, 0, $cut));
    is($answer->{status}, 1, "a file cut off after $cut bytes: status 1");
    like($answer->{err}, qr/^authplatform: the file is refused: line \d+: /m, '... with the line');
    is($answer->{out}, '', '... and no summary');
}
my $misspelt = import_as(csv => write_file("$dir/misspelt.csv", "email,name,passwordhash\n"));
is_deeply([$misspelt->{status}, $misspelt->{err}], [1, qq{authplatform: the file is refused: line 1: the column "passwordhash": did you mean password_hash?\n}], 'a misspelt column');
my $remark = import_as(csv => write_file("$dir/remark.csv", "email,name,password_hash,shoe size\nremark\@example.org,,,44\n"));
is_deeply(json($remark)->{notes}, ['the column "shoe size" is not taken over'], 'a column that is not known');
is(import_as(csv => '/nonexistent')->{status}, 1, 'no such file');
my $folder = import_as(csv => $dir);
is($folder->{status}, 1, 'a folder');
like($folder->{err}, qr/cannot be read|cannot open|director/, '... is no file');

my $piped = run([@env, '--json', 'import', '--format', 'csv'], stdin => "email,name,password_hash\npiped\@example.org,,\n");
is(json($piped)->{users}{added}, 1, 'standard input') or diag $piped->{err};

my @wrong = (
    [['--format', 'okta'], qr/--format is one of csv, firebase, auth0, supabase, keycloak/],
    [['--format', 'firebase'], qr/--format firebase needs --hash-algo/],
    [['--format', 'firebase', '--hash-algo', 'SCRYPT'], qr/needs --hash-key/],
    [['--format', 'csv', '--rounds', '8'], qr/are for --format firebase/],
    [['--rounds', '8'], qr/are for --format firebase/],
    [['--format', 'csv', '--drop-factors'], qr/--drop-factors/],
);
for my $case (@wrong) {
    my $answer = run([@env, 'import', '--in', "$files/table.csv", @{ $case->[0] }]);
    is($answer->{status}, 2, "import @{ $case->[0] }: status 2");
    like($answer->{err}, $case->[1], '... says what is wrong');
    is($answer->{out}, '', '... nothing else');
}
unlike(run([@env, 'import', '--format', 'firebase', '--hash-algo', 'SCRYPT', '--hash-key', 'secret$key'])->{err}, qr/secret/, 'a key is never shown');

my $audit = run([@env, '--json', 'audit', 'list', '--event', 'import', '--limit', 200]);
like(json($audit)->{items}[0]{reason}, qr/^csv; users added 6, left out 2$/, 'the audit has the imports') or diag $audit->{out};
unlike($httpd->log, qr/\[(?:error|emerg|crit)\]/, 'the log has no error');
done_testing;
