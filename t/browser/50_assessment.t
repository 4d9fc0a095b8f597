# SPDX-License-Identifier: Apache-2.0
# The page of the family assessment in a real browser: a candidate takes a test and chats, a recruiter makes a test and sees the results.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Families;
use JSON ();
use Test::More;

my $site    = AuthPlatform::Families->new;
my $url     = $site->url('assessment') . '/';
my $browser = AuthPlatform::Browser->new;
my $page    = AuthPlatform::Families::page($browser);
$site->account('rob@example.org', 'a recruiter of the tool', '--role', 'recruiter', '--verified');

$browser->go($url);
ok($page->says('who', 'signed out'), 'the page starts');
ok($page->fill('form-sign-in', 'sign-in', email => 'ada@example.org', password => 'three calm words')->says('form-sign-in', 'Incorrect email or password'), 'nobody has this account');
ok($page->fill('form-sign-in', 'sign-up', password => 'short')->says('form-sign-in', 'password: '), 'a field that is wrong is named');
ok($page->fill('form-sign-in', 'sign-up', password => 'three calm words')->says('who', 'ada@example\.org \(candidate\)'), 'signed up and in') or diag $page->text;
ok(!$page->is_shown('form-template'), 'nothing for recruiters is shown');

ok($page->fill('form-prompt', undef, prompt => 'loops')->says('form-prompt', 'No session has been started'), 'what the app refuses is shown');
$browser->click('#start');
ok($page->says('questions', 'Reverse a list'), 'a test has started');
ok($page->fill('form-prompt', undef, prompt => 'loops')->says('hint', 'smallest case of loops'), 'a hint');
$browser->click('#open-chat');
ok($page->says('chat', 'helper: Hello ada@example\.org'), 'the chat is open') or diag $page->text;
$page->fill('form-chat', 'send', message => 'recursion');
ok($page->says('chat', 'you: recursion\s+helper: Start with the smallest case of recursion'), 'and answers');
my %cookie = $page->cookies;
my @token  = grep { /authp_[ar]t/ } sort keys %cookie;
AuthPlatform::Httpd::note_secrets(map { $cookie{$_}{value} } @token);
is(scalar @token, 2, 'by cookies');
is($browser->run('return document.cookie.includes("authp_")'), JSON::false(), 'no script sees a token in a cookie');
is($browser->run('return localStorage.length + sessionStorage.length'), 0, 'none is kept in the browser');
$browser->click('#sign-out');
ok($page->says('who', 'signed out'), 'signed out');
my %left = $page->cookies;
is_deeply([grep { /authp_[ar]t/ } sort keys %left], [], 'the cookies of the chat are gone');
unlike($page->text, qr/recursion/, 'and so is what was on the page');

$browser->click('#as-recruiter');
ok($page->fill('form-sign-in', 'sign-in', email => 'ada@example.org', password => 'three calm words')->says('form-sign-in', 'Operation not permitted'), 'a candidate at the door of recruiters');
ok($page->fill('form-sign-in', 'sign-in', email => 'rob@example.org', password => 'a recruiter of the tool')->says('who', 'rob@example\.org \(recruiter\)'), 'a recruiter');
ok(!$page->is_shown('form-session'), 'sees nothing for candidates');
ok($page->fill('form-template', undef, title => 'Graphs', text => "Find a cycle.\n\nCount the edges.")->says('template', 'has 2 questions'), 'makes a test');
$browser->click('#show-results');
ok($page->says('results', 'ada@example\.org: A first test, 1 hints, 1 messages'), 'and sees the results');
is_deeply([grep { !/status of 4(?:01|03|04|09|22)/ } $browser->errors], [], 'nothing in the console');
is($browser->run('return [...document.querySelectorAll("input, textarea")].filter(one => !one.labels.length).length'), 0, 'every field has a label');
undef $browser;
done_testing;
