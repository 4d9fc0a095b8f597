# SPDX-License-Identifier: Apache-2.0
# The page of the family jobpath in a real browser, with the keyboard alone.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Families;
use Test::More;

my ($TAB, $ENTER) = ("\x{E004}", "\x{E007}");
my $site    = AuthPlatform::Families->new;
my $browser = AuthPlatform::Browser->new;
my $page    = AuthPlatform::Families::page($browser);

$browser->go($site->url('jobpath') . '/');
ok($page->says('who', 'signed out'), 'the page starts');
$browser->run('document.getElementById("email").focus()');
$browser->press('job@example.org' . $TAB . 'three calm words' . $ENTER);
ok($page->says('form-sign-in', 'Invalid email or password'), 'Enter signs in, and nobody has this account');
$browser->press($TAB . $TAB . $ENTER);
ok($page->says('who', 'signed in as job@example\.org'), 'the second button signs up') or diag $page->text;
$browser->press($ENTER);
ok($page->says('me', 'job@example\.org, id [0-9a-f]{24}, active'), 'the focus is on the next step');

# Signing out ends the session at the server.
$browser->press($TAB . $ENTER);
ok($page->says('who', 'signed out'), 'signed out');
is($browser->run('return document.activeElement.id'), 'email', 'the focus is on the form again');
ok($page->fill('form-sign-in', 'sign-up', email => 'job@example.org', password => 'three calm words')->says('form-sign-in', 'Email already registered'), 'the address is taken now');
ok($page->fill('form-sign-in', 'sign-up', email => 'nobody', password => 'x')->says('form-sign-in', 'email: .*password: '), 'wrong fields are listed');
is_deeply([grep { !/status of 4(?:00|01|09)/ } $browser->errors], [], 'nothing in the console');
my %cookie = $page->cookies;
is_deeply([sort keys %cookie], ['authp_device'], 'no cookie but that of the device');
undef $browser;
done_testing;
