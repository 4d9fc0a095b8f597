# SPDX-License-Identifier: Apache-2.0
# The pages of the links in mails, as people see them: each view in each language, on a phone and on a wide screen, in light and dark colours. Nothing
# sticks out, axe finds nothing, and each language has each sentence. AUTHP_PICTURES=FOLDER keeps pictures. 59_mail_pages.t has what the pages do.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::DemoSite;
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use AuthPlatform::Ports 'free_port';
use Test::More;

my $port = free_port();
my $site = AuthPlatform::Mailed->new(port => $port, more => AuthPlatform::DemoSite::more());
my $base = "http://127.0.0.1:$port/api/auth";
my %TITLE = (en => 'Choose a new password', de => 'Neues Passwort wählen', hi => 'नया पासवर्ड चुनें');
utf8::decode($_) for values %TITLE;

for my $look (['en', [375, 667], 'light'], ['en', [1280, 800], 'dark'], ['de', [375, 667], 'dark'], ['de', [1280, 800], 'light'], ['hi', [375, 667], 'light'], ['hi', [1280, 800], 'dark']) {
    my ($language, $size, $colours) = @$look;
    my $name    = "$language-$size->[0]";
    my $visitor = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$port", size => $size, colours => $colours, language => $language);
    my $browser = $visitor->browser;
    my $looked  = sub {
        my ($view) = @_;
        is($visitor->sticks_out, 0, "$name $view: nothing sticks out");
        is($visitor->findings, '', "$name $view: axe finds nothing") if $size->[0] < 1000 || $language eq 'en';    # a run of axe takes seconds
        is($browser->run('return [...document.querySelectorAll("main section:not([hidden]) :is(a, button, input)")].filter(one => { const box = one.getBoundingClientRect(); '
                    . 'return box.width > 0 && box.height < 24 && getComputedStyle(one).display !== "inline" }).length'), 0, "$name $view: nothing is too small for a finger");
        $visitor->picture("$name-$view");
    };
    my $me = $site->account;
    $site->token($me->{email});
    ok($visitor->at("$base/reset-password#" . 'A' x 43, 'choose'), "$name: reset-password");
    is($browser->run('return document.documentElement.lang'), $language, 'its language');
    is($visitor->text('#view-choose h1'), $TITLE{$language}, 'in words');
    is_deeply($browser->run('return Object.keys(TEXTS).map(one => Object.keys(TEXTS[one]).sort().join())')->[$_], $browser->run('return Object.keys(TEXTS.en).sort().join()'), 'each language has each sentence') for 0 .. 2;
    is_deeply($browser->run('const used = one => [...one.matchAll(/[{]\w+[}]/g)].map(String).sort().join(); return Object.keys(TEXTS.en).filter(key => key !== "newPasswordBad" && used(TEXTS.en[key]) !== used(TEXTS[language][key]))'), [], 'with the same values');
    $looked->('choose');
    $visitor->fill('form-choose', 'new-password' => 'short');
    ok($browser->until('document.getElementById("new-password-error").textContent'), 'a short password');
    $looked->('choose-short');
    $visitor->fill('form-choose', 'new-password' => 'three calm words');
    ok($visitor->shows('ask'), 'a link that does not work');
    $looked->('ask-bad');
    $visitor->fill('form-ask', email => $me->{email});
    ok($visitor->shows('sent'), 'a new one');
    $looked->('sent');
    ok($visitor->at("$base/reset-password#" . $site->token($me->{email}), 'choose'), 'which works');
    $visitor->fill('form-choose', 'new-password' => 'three calm words');
    ok($visitor->shows('done'), 'the password is set');
    $looked->('reset-done');

    ok($visitor->at("$base/verify-email#" . 'A' x 43, 'again'), 'verify-email, with a link that does not work');
    $looked->('again');
    my $other = $site->account;
    ok($visitor->at("$base/verify-email#" . $site->token($other->{email}), 'password'), 'one that works');
    $visitor->fill('form-password', password => 'wrong password');
    ok($browser->until('document.getElementById("password-error").textContent'), 'a wrong password');
    $looked->('password-wrong');
    $visitor->fill('form-password', password => $site->password);
    ok($visitor->shows('done'), 'the right one');
    $looked->('verify-done');
    is_deeply([grep { !/status of (?:400|401|403|422)|favicon/ } $browser->errors], [], 'nothing in the console');
}

# A language without sentences, and a list of languages.
for (['fr', 'en'], ['fr,hi,en', 'hi'], ['de-AT,en', 'de']) {
    my ($languages, $shown) = @$_;
    my $visitor = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$port", language => $languages);
    ok($visitor->at("$base/reset-password", 'ask'), $languages);
    is($visitor->browser->run('return document.documentElement.lang'), $shown, "is $shown");
}
done_testing;
