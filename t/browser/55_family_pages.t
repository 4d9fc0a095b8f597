# SPDX-License-Identifier: Apache-2.0
# The pages of the route families for people who see badly, use no mouse or have a phone; and while an app is down.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Families;
use Test::More;

my $site = AuthPlatform::Families->new;
my $axe  = AuthPlatform::Httpd::slurp($ENV{AUTHP_AXE});

sub judge {
    my ($browser, $name) = @_;
    cmp_ok($browser->run('return document.documentElement.scrollWidth - window.innerWidth'), '<=', 0, "$name: nothing sticks out");
    $browser->run('window.found = null; axe.run({ resultTypes: ["violations"] }).then(all => { window.found = { ran: all.passes.length, violations: all.violations.map('
            . 'one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.target.join(" ")).join(", ")) }; }, error => { window.found = { ran: 0, violations: [String(error)] }; })');
    my $found = $browser->until('window.found', 150) || { ran => 0, violations => ['axe does not end'] };
    is(join('; ', @{ $found->{violations} }), '', '... no finding');
    return cmp_ok($found->{ran}, '>', 10, '... of many rules');
}

for ([[1280, 900], 'light'], [[390, 800], 'dark']) {
    my ($size, $colours) = @$_;
    my $browser = AuthPlatform::Browser->new(size => $size);
    my $page    = AuthPlatform::Families::page($browser);
    $browser->call(POST => "$browser->{session}/goog/cdp/execute", { cmd => 'Emulation.setEmulatedMedia', params => { features => [{ name => 'prefers-color-scheme', value => $colours }] } });
    for my $family (qw(assessment jobpath ai phone)) {
        $browser->go($site->url($family) . '/');
        ok($page->says('who', 'signed out'), "$family on $size->[0] px, $colours");
        $browser->run("$axe; window.axe = axe");
        judge($browser, 'signed out');
        $browser->run('for (const part of document.querySelectorAll("#view-out, #view-in, [data-for], [data-want], #step-code, #chat-line")) part.hidden = part.id === "view-out";'
                . ' for (const result of document.querySelectorAll(".result, [role=alert]")) result.textContent = "Something is said here.";');
        judge($browser, 'everything for people who are signed in');
        is_deeply([$browser->errors], [], 'nothing in the console');
    }
}

# An app that is down: the page says so, and works again with the app.
my $browser = AuthPlatform::Browser->new;
my $page    = AuthPlatform::Families::page($browser);
$browser->go($site->url('ai') . '/');
$page->says('who', 'signed out');
ok($page->fill('form-sign-in', 'sign-up', login => 'cleo', password => 'three calm words')->says('who', 'cleo'), 'signed in');
$site->{apps} = [];
$browser->click('#secure-info');
ok($page->says('form-look', 'The server answered with status 503'), 'the app is down') or diag $page->text;
$browser->click('#sign-out');
ok($page->says('who', 'signed out'), 'accounts do not need it');
undef $browser;
done_testing;
