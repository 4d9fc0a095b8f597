# SPDX-License-Identifier: Apache-2.0
# The page of the family ai in a real browser: user names, a token that is renewed by cookie, and an app that is guarded by role.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Families;
use Test::More;

my $site    = AuthPlatform::Families->new;
my $url     = $site->url('ai') . '/';
my $browser = AuthPlatform::Browser->new;
my $page    = AuthPlatform::Families::page($browser);
my %word    = (password => 'three calm words');
$site->account('root@example.org', 'an admin of the tool', '--role', 'admin');

sub refresh_token {
    my %cookie = $page->cookies;
    AuthPlatform::Httpd::note_secrets($cookie{refresh_token}{value});
    return $cookie{refresh_token};
}

$browser->go($url);
ok($page->says('who', 'signed out'), 'the page starts') or diag $page->text;
ok($page->fill('form-sign-in', 'sign-in', login => 'ada', %word)->says('form-sign-in', 'Invalid credentials'), 'nobody has this account');
ok($page->fill('form-sign-in', 'sign-up', login => 'a', %word)->says('form-sign-in', 'username: '), 'a wrong user name is named');
ok($page->fill('form-sign-in', 'sign-up', login => 'Ada', %word)->says('who', 'ada \(user\)'), 'signed up and in') or diag $page->text;
my $first = refresh_token();
ok($first->{httpOnly}, 'the refresh token is out of scripts\' reach');

ok($page->fill('form-generate', undef, prompt => 'write about aardvarks')->says('text', '^ada, here are three thoughts about aardvarks'), 'a text');
ok($page->fill('form-query', undef, query => 'where is the harbour')->says('answer', 'No document'), 'a question');
ok($page->fill('form-add', undef, text => 'The harbour is in the south.')->says('form-add', 'Insufficient privileges'), 'adding a document is for others');
ok(!$page->is_shown('health'), 'what only admins may see is not shown');
$browser->click('#secure-info');
ok($page->says('seen', 'Hello ada'), 'what people who are signed in see');

# The page has no token after it was loaded again: the cookies bring one.
$browser->go($url);
ok($page->says('who', 'ada \(user\)'), 'still signed in after loading the page again') or diag $page->text;
isnt(refresh_token()->{value}, $first->{value}, 'with a new refresh token');

# The page renews an access token that the server refuses.
$browser->run('const real = window.fetch; window.seen = []; window.fetch = async (path, init) => { if (path === "/rag/secure-info" && !seen.length) init.headers.Authorization = "Bearer x.y.z";'
    . ' const answer = await real(path, init); seen.push(`${path} ${answer.status}`); return answer; }');
$browser->click('#secure-info');
ok($page->says('seen', 'Hello ada'), 'an expired token does not show');
is_deeply($browser->run('return window.seen'), ['/rag/secure-info 401', '/auth/refresh 200', '/rag/secure-info 200'], 'it was renewed once');

$browser->click('#sign-out');
ok($page->says('who', 'signed out'), 'signed out');
my %left = $page->cookies;
is_deeply([grep { /^(?:refresh|csrf)_token$/ } sort keys %left], [], 'no cookie is left');
$browser->go($url);
ok($page->says('who', 'signed out'), 'nor a session');

ok($page->fill('form-sign-in', 'sign-in', login => 'root@example.org', password => 'an admin of the tool')->says('who', '\(admin\)'), 'an admin, by address') or diag $page->text;
ok($page->fill('form-add', undef, text => 'The harbour is in the south.')->says('added', 'Document 1 of 1'), 'adds a document');
ok($page->fill('form-query', undef, query => 'Where is the harbour?')->says('answer', 'in the south'), 'passes as a user, and finds it');
$browser->click('#health');
ok($page->says('seen', 'ok, 1 documents'), 'sees how the app is');
is_deeply([grep { !/status of 4(?:01|03|22)/ } $browser->errors], [], 'nothing in the console');
is($browser->run('return [...document.querySelectorAll("input, textarea")].filter(one => !one.labels.length).length'), 0, 'every field has a label');
is($browser->run('return localStorage.length + sessionStorage.length'), 0, 'no token is kept in the browser');
undef $browser;
done_testing;
