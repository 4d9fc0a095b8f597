# SPDX-License-Identifier: Apache-2.0
# The demo's page for recruiters, used by an admin and two recruiters: invite, sign up, withdraw, verify, revoke.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Test;
use JSON ();
use Test::More;

my $base    = origin();
my $boss    = admin();
my $invited = new_email();
my $hostile = '<img src=x onerror="document.title=\'taken\'">';
my $secret  = secret_used('recruiter pass 1');

# Types into fields by id and sends the form that they are in.
sub fill_in {
    my ($b, $form, %values) = @_;
    for my $id (sort keys %values) {
        $b->run("document.getElementById('$id').value = ''");
        $b->type("#$id", $values{$id});
    }
    $b->click("#$form button[type=submit]");
    secret_used(map { $_->{value} } @{ $b->cookies });
    return;
}

sub view_is {
    my ($b, $id) = @_;
    return $b->until("!document.querySelector('.reveal').hidden && !document.getElementById('$id').hidden");
}

# The admin invites somebody.
my $office = AuthPlatform::Browser->new;
$office->go("$base/admin/");
ok(view_is($office, 'view-sign-in'), 'the admins\' page leads to the sign-in page');
fill_in($office, 'form-sign-in', 'in-email' => $boss->{email}, 'in-password' => $boss->{password});
ok($office->until("location.pathname === '/admin/' && document.querySelector('#invites li')"), 'the admin is there');
fill_in($office, 'form-invite', 'invite-email' => 'not an address');
ok($office->until("document.getElementById('invite-email-error').textContent"), 'a wrong address is said at its field');
fill_in($office, 'form-invite', 'invite-email' => $invited);
my $code = secret_used($office->until("document.querySelector('#invite-made code').textContent"));
like($code, qr/^\S{16,}$/, 'the code is shown');
ok($office->until("document.getElementById('invites').textContent.includes('$invited')"), 'the invite is in the list');

# The invited person signs up, after one mistake.
my $desk = AuthPlatform::Browser->new;
$desk->go("$base/signin.html?return_to=/recruiter/#sign-up");
ok(view_is($desk, 'view-sign-up'), 'the page to sign up');
fill_in($desk, 'form-sign-up', 'up-name' => $hostile, 'up-email' => $invited, 'up-password' => $secret, 'up-invite' => 'not-the-code-1');
ok($desk->until("document.getElementById('up-invite-error').textContent"), 'a wrong code is said at its field');
fill_in($desk, 'form-sign-up', 'up-password' => $secret, 'up-invite' => $code);
ok($desk->until("location.pathname === '/recruiter/'"), 'with the right one the recruiters\' page opens') or diag $desk->url;
is($desk->run("return document.querySelector('h1').textContent"), "The recruiters\x{2019} page", 'and is it');
secret_used(map { $_->{value} } @{ $desk->cookies });

# The admin withdraws the verification. Names are shown as text, whatever they contain.
my $button = "[...document.querySelectorAll('#recruiters li')].find(li => li.textContent.includes('$invited')).querySelector('button')";
$office->go("$base/admin/");
is($office->until("$button.textContent"), 'Withdraw', 'the admin sees a verified recruiter');
ok($office->run("return document.getElementById('recruiters').textContent")  =~ /\Q$hostile\E/, 'whose name is shown as text');
is($office->run('return document.querySelectorAll("main img").length'), 0, 'and is no element');
$office->run("$button.click()");
ok($office->until("$button.textContent === 'Verify'"), 'withdrawn');
is($office->run("return document.activeElement === $button"), JSON::true, 'the keyboard keeps its place');

# The recruiter cannot sign in as one now.
$desk->call(DELETE => "$desk->{session}/cookie");
$desk->go("$base/signin.html?return_to=/recruiter/#recruiter");
ok(view_is($desk, 'view-recruiter'), 'the page to sign in as a recruiter');
fill_in($desk, 'form-recruiter', 're-email' => $invited, 're-password' => $secret);
ok($desk->until("document.querySelector('#form-recruiter .alert').textContent.includes('Recruiter pending verification')"), 'pending, it says');
fill_in($desk, 'form-recruiter', 're-password' => $secret, 're-invite' => $code);
ok($desk->until("document.getElementById('re-invite-error').textContent"), 'the old code does not help');

# After the admin has verified the account, the recruiter can.
$office->run("$button.click()");
ok($office->until("$button.textContent === 'Withdraw'"), 'verified');
$desk->run("document.getElementById('re-invite').value = ''");
fill_in($desk, 'form-recruiter', 're-password' => $secret);
ok($desk->until("location.pathname === '/recruiter/'"), 'then it opens') or diag $desk->url;
secret_used(map { $_->{value} } @{ $desk->cookies });

# A candidate is no recruiter. A revoked invite does not work.
my $candidate = person();
fill_in($office, 'form-invite', 'invite-email' => $candidate->{email});
my $other = secret_used($office->until("document.querySelector('#invite-made code') && document.querySelector('#invite-made code').textContent"));
my $revoke = "[...document.querySelectorAll('#invites li')].find(li => li.textContent.includes('$candidate->{email}'))";
ok($office->until($revoke), 'another invite');
$office->run("$revoke.querySelector('button').click()");
ok($office->until("!$revoke"), 'revoked');
$desk->call(DELETE => "$desk->{session}/cookie");
$desk->go("$base/signin.html");
ok(view_is($desk, 'view-sign-in'), 'the page to sign in');
$desk->type('#in-email', $candidate->{email});
$desk->click('#view-sign-in [data-switch=recruiter]');
is($desk->run("return document.getElementById('re-email').value"), $candidate->{email}, 'the address goes along to the other view');
fill_in($desk, 'form-recruiter', 're-password' => $candidate->{password});
ok($desk->until("document.querySelector('#form-recruiter .alert').textContent.includes('no recruiter')"), 'a candidate is no recruiter');
fill_in($desk, 'form-recruiter', 're-password' => $candidate->{password}, 're-invite' => $other);
ok($desk->until("document.getElementById('re-invite-error').textContent"), 'a revoked code is said at its field');
is($desk->run('return document.cookie'), '', 'nobody was signed in');

for my $one ($office, $desk) {
    is_deeply([grep { !/status of (?:401|403|422)/ } $one->errors], [], 'nothing in the console');
    is($one->run('return [...document.querySelectorAll("input")].filter(i => !i.labels.length).length'), 0, 'every field has a label');
}
$office->call(POST => "$office->{session}/window/rect", { width => 390, height => 800 });
cmp_ok($office->run('return document.documentElement.scrollWidth - window.innerWidth'), '<=', 0, 'nothing sticks out of a narrow window');
undef $office;
undef $desk;
done_testing;
