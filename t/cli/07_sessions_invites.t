#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# session list and end, invite create, list and revoke. A server of this test's own makes the sessions.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json);
use AuthPlatform::Httpd;
use Test::More;
use Time::Local qw(timegm);

my $httpd = AuthPlatform::Httpd->new->start;
my %ada = (email => 'ada@example.org', password => 'correct horse 9');
my $everything = '';

sub tool {
    my (@args) = @_;
    my $answer = run(['--env-file', "$httpd->{dir}/.env", @args]);
    $everything .= $answer->{out} . $answer->{err};
    return $answer;
}

my $first = $httpd->api('/register', { %ada })->{json};
my @later = map { $httpd->api('/login', { %ada, device_id => $_ })->{json} } 'phone', "lap\x{202e}top";
my $bearer = $later[1]{access_token};
my $id = $first->{user}{id};

select undef, undef, undef, 0.02;
is($httpd->api('/refresh', { refresh_token => $first->{refresh_token} })->{status}, 200, 'used later than it began');

# Sessions: the same list as the API shows, except that none of them is the current one.
my $seen = $httpd->get('/api/auth/sessions', bearer => $bearer)->{json};
is(scalar @{ $seen->{items} }, 3, 'signed in three times') or diag $httpd->log;
my @expected = map { { %{$_}, current => JSON::PP::false } } @{ $seen->{items} };
my $listed = json(tool(qw(session list --json --email ADA@example.org)));
is_deeply($listed, { items => \@expected, next_cursor => undef }, 'session list');
is_deeply(json(tool(qw(session list --json --id), $id)), $listed, '... by id');
my $table = tool(qw(session list --id), $id);
for my $session (@expected) {
    like($table->{out}, qr/^$session->{id}  $session->{created_at}  $session->{last_used_at}  /m, '... when it began, then when it was last used');
}
isnt($expected[0]{created_at}, $expected[0]{last_used_at}, '... which are not the same');
like($table->{out}, qr/\AID +CREATED +LAST USED +ADDRESS +DEVICE +CLIENT\n/, '... a table for people');
like($table->{out}, qr/^$listed->{items}[1]{id}  \S+Z  \S+Z  127\.0\.0\.1  phone +-$/m, '... with a row for each');
like($table->{out}, qr/  lap\?top +-$/m, '... in which what a device says cannot steer the terminal');
is($table->{err}, '', '... all of them');

my (@paged, $after);
do {
    my $page = json(tool(qw(session list --json --limit 2 --id), $id, $after ? ('--after', $after) : ()));
    push @paged, @{ $page->{items} };
    $after = $page->{next_cursor};
} while ($after && @paged < 9);
is_deeply(\@paged, \@expected, '... page by page');
like(tool(qw(session list --limit 2 --id), $id)->{err}, qr/note: .*--after $expected[1]{id}$/m, '... and how to go on');
my $whole = json(tool(qw(session list --json --limit 3 --id), $id));
is_deeply([scalar @{ $whole->{items} }, $whole->{next_cursor}], [3, undef], '... a page that all fit on is the last');

# A session that the tool ends is refused at the next request.
my $end = tool(qw(session end --session), $expected[1]{id});
is($end->{status}, 0, 'session end of one') or diag $end->{err};
is($end->{out}, "1 session ended\n", '... for people');
is($httpd->get('/api/auth/me', bearer => $later[0]{access_token})->{json}{code}, 'token_revoked', '... the access token is refused');
is($httpd->api('/refresh', { refresh_token => $later[0]{refresh_token} })->{json}{code}, 'refresh_invalid', '... and its refresh token');
is($httpd->get('/api/auth/me', bearer => $bearer)->{status}, 200, '... not those of another session');
my $again = tool(qw(session end --session), $expected[1]{id});
is($again->{status}, 1, '... once');
like($again->{err}, qr/no such session, or it has ended already/, '... says why');
is(tool(qw(session end --session), '0' x 24)->{status}, 1, '... one that never was');
is_deeply(json(tool(qw(session end --json --email ada@example.org))), { ended => 2 }, 'session end of all');
is($httpd->get('/api/auth/me', bearer => $_->{access_token})->{json}{code}, 'token_revoked', '... they are over') for $first, $later[1];
is_deeply(json(tool(qw(session list --json --id), $id)), { items => [], next_cursor => undef }, '... and none is listed');
is(tool(qw(session list --id), $id)->{out}, "ID  CREATED  LAST USED  ADDRESS  DEVICE  CLIENT\n", '... a table of none');
is(tool(qw(session end --id), $id)->{out}, "0 sessions ended\n", '... ending none is no failure');

# Invites.
my $made = json(tool(qw(invite create --json --email), ' Grace@Example.org'));
is_deeply([sort keys %{$made}], [qw(code created_at email expires_at id)], 'invite create: what the API gives');
is($made->{email}, 'grace@example.org', '... for one address');
my $shown = tool(qw(invite create --email eve@example.org --hours 8760));
my ($eve, $code) = $shown->{out} =~ /\Amade invite ([0-9a-f]{24})\ne-mail: +eve\@example\.org\ncode: +(\S+)\nexpires: +\S+Z\n\z/;
ok(defined $code && $code ne $made->{code}, '... for people') or diag $shown->{out};
like($shown->{err}, qr/note: the code is shown this once/, '... who are told to keep the code');
my $later_invite = json(tool(qw(invite create --json --email late@example.org --hours 1)));

sub seconds { my ($y, $m, @rest) = $_[0] =~ /\A(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/; return timegm(reverse(@rest), $m - 1, $y) }
is(seconds($made->{expires_at}) - seconds($made->{created_at}), 168 * 3600, 'a week, unless --hours says otherwise');
is(seconds($later_invite->{expires_at}) - seconds($later_invite->{created_at}), 3600, '... an hour');
my $joined = $httpd->api('/register/recruiter', { email => 'grace@example.org', password => $ada{password}, invite_code => $made->{code} });
is($joined->{status}, 201, 'its code makes a recruiter') or diag $joined->{body};
is(tool(qw(invite revoke --id), $eve)->{out}, "revoked invite $eve\n", 'invite revoke');
is_deeply(json(tool(qw(invite revoke --json --id), $later_invite->{id})), { id => $later_invite->{id}, revoked => JSON::PP::true }, '... for programs');
is($httpd->api('/register/recruiter', { email => 'eve@example.org', password => $ada{password}, invite_code => $code })->{json}{code},
    'invite_invalid', '... after which its code is good for nothing');
for my $case (['revoked already', $eve], ['used', $made->{id}], ['none', '0' x 24]) {
    my $no = tool(qw(invite revoke --id), $case->[1]);
    is($no->{status}, 1, "invite revoke, $case->[0]: status 1");
    like($no->{err}, qr/no such invite, or it was used or revoked already/, '... says why');
}

$everything = '';
my $boss = run(['--env-file', "$httpd->{dir}/.env", qw(user create --role admin --email boss@example.org)], stdin => "$ada{password}\n");
my $as_boss = $httpd->api('/login', { email => 'boss@example.org', password => $ada{password} })->{json}{access_token};
my $invites = json(tool(qw(invite list --json)));
is_deeply($invites, $httpd->get('/api/auth/recruiter/invites', bearer => $as_boss)->{json}, 'invite list: as the API shows them');
is_deeply([map { $_->{created_by} } @{ $invites->{items} }], [('cli') x 3], '... made by the tool');
is($invites->{items}[0]{used_by}, $joined->{json}{user}{id}, '... and who used one');
my $rows = tool(qw(invite list));
like($rows->{out}, qr/\AID +E-MAIL +STATE +CREATED +EXPIRES +MADE BY +USED BY +ROLE\n/, '... a table for people');
like($rows->{out}, qr/^$made->{id}  grace\@example\.org  used +\S+Z  \S+Z  cli +$joined->{json}{user}{id}  recruiter$/m, '... one used');
like($rows->{out}, qr/^$eve  eve\@example\.org +revoked +\S+Z  \S+Z  cli +-  +recruiter$/m, '... one revoked');
is(tool(qw(invite create --json --email open@example.org))->{status}, 0, '... another one');
like(tool(qw(invite list))->{out}, qr/open\@example\.org +open /, '... open');
my $page = json(tool(qw(invite list --json --limit 1), '--after', $invites->{items}[0]{id}));
is_deeply([$page->{items}[0]{id}, $page->{next_cursor}], [$eve, $eve], '... page by page');
unlike($everything, qr/\Q$_\E/, 'a code is shown once only') for $made->{code}, $code;

# Invites for administrators: no recruiter comes of them (t/api has what does).
my $olga = json(tool(qw(invite create --json --role admin --email olga@example.org)));
is_deeply([sort keys %{$olga}], [qw(code created_at email expires_at id role)], 'invite create --role admin: shows the role');
is($olga->{role}, 'admin', '... which it is for');
is($httpd->api('/register/recruiter', { email => 'olga@example.org', password => $ada{password}, invite_code => $olga->{code} })->{json}{code},
    'invite_invalid', '... and no other');
like(tool(qw(invite create --role admin --email zoe@example.org))->{out}, qr/^role: +admin$/m, '... for people');
like(tool(qw(invite list))->{out}, qr/olga\@example\.org +open .* admin$/m, '... in the list');
is((grep { $_->{email} eq 'olga@example.org' } @{ json(tool(qw(invite list --json)))->{items} })[0]{role}, 'admin', '... for programs');
is(json(tool(qw(invite create --json --role recruiter --email rob@example.org)))->{role}, undef, '--role recruiter is as without it');
for my $role (qw(candidate boss)) {
    my $no = tool(qw(invite create --email a@example.org --role), $role);
    is($no->{status}, 2, "no invite for $role");
    like($no->{err}, qr/--role is recruiter or admin/, '... says why');
}
unlike($httpd->log, qr/\Q$olga->{code}\E/, 'no code of an administrator in the log');

for my $bad ('no address', "a\xff\@b.c") {
    my $no = tool(qw(invite create --email), $bad);
    is($no->{status}, 1, 'an address that is none: status 1');
    like($no->{err}, qr/--email: /, '... says why');
}
unlike($httpd->log, qr/\Q$_\E/, 'no secret in the log of the server') for $made->{code}, $code, $ada{password};
$httpd->stop;
done_testing();
