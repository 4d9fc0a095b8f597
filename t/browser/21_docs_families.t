# SPDX-License-Identifier: Apache-2.0
# The page /docs of the family mounts in a real browser: sign-ups, sign-ins by JSON and by form, wrong fields, and at `ai` the refresh cookie.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::FamilyMounts;
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use JSON ();
use Test::More;

plan skip_all => 'once is enough: with SQLite' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite';

my %host    = AuthPlatform::FamilyMounts::host();
my $httpd   = AuthPlatform::Httpd->new(%host, settings => "$host{settings}SECURE_COOKIES=false\n")->start;
my $browser = AuthPlatform::Browser->new;
my $secret  = secret_used('docs page pass 1');

# Fills in fields of a route's form, sends it, and waits for its answer: (status, its JSON or undef).
sub try_route {
    my ($id, %values) = @_;
    $browser->run("document.getElementById('$id').open = true; document.querySelector('#$id .line').textContent = ''");
    for my $name (sort keys %values) {
        $browser->run("const f = document.getElementById(arguments[0]); f.value = arguments[1]; f.dispatchEvent(new Event('change', {bubbles: true}))", "$id-$name", $values{$name});
    }
    $browser->click("#$id button[type=submit]");
    $browser->until("document.querySelector('#$id .line').textContent");
    my $json = eval { JSON->new->decode($browser->run("const p = document.querySelector('#$id .answer pre'); return p ? p.textContent : ''")) };
    for my $told (grep { ref eq 'HASH' } $json, ref $json eq 'HASH' ? $json->{data} : undef) {
        secret_used(grep { defined } map { $told->{$_} } qw(access_token refresh_token));
    }
    return ($browser->run("return Number(document.querySelector('#$id .line .pill').textContent)"), $json);
}

my %sign_up = (assessment => 'postCandidateRegister', jobpath => 'postSignup', ai => 'postRegister', phone => 'postAuthRegister');
my %number  = (phone => secret_used('98765 43210'));
for my $family (AuthPlatform::FamilyMounts::all()) {
    my ($name, $mount) = @$family{qw(name mount)};
    $browser->go("http://127.0.0.1:$httpd->{port}$mount/docs");
    $browser->until("document.body.classList.contains('ready')");
    my $doc   = $httpd->get("$mount/openapi.json")->{json};
    my $shown = $browser->run('return [...document.querySelectorAll(".op")].map(op => [op.querySelector("h3").textContent, op.textContent])');
    my %of    = map { $_->[0] => $_->[1] } @$shown;
    for my $path (sort keys %{ $doc->{paths} }) {
        my ($method) = keys %{ $doc->{paths}{$path} };
        my @codes = map { my $content = $_->{content}{'application/json'}; map { s/_4\d\d$//r } keys %{ $content->{examples} || {} } }
            map { $doc->{paths}{$path}{$method}{responses}{$_} } grep { $_ >= 400 } keys %{ $doc->{paths}{$path}{$method}{responses} };
        my $text = $of{ uc($method) . " $path" } // '';
        is_deeply([grep { index($text, $_) < 0 } @codes, 'Try it'], [], "$name: $method $path and its codes are on the page");
    }
    unlike($browser->run('return document.querySelector("main").textContent'), qr/undefined|\[object/, '... as text');
    is($browser->run('return document.getElementById("ways").checkVisibility()'), JSON::false, '... without a choice of cookies');
    is($browser->run('return [...document.querySelectorAll(".topic")].map(one => one.id).join(" ")'), 'limits', '... and without what does not hold here');

    my $email = "ada\@$name.example.org";
    my ($status, $json) = try_route($sign_up{$name}, email => '', password => '');
    is($status, $family->{wrong}, 'wrong fields');
    like($browser->run("return document.getElementById('$sign_up{$name}-password-error').textContent"), qr/^Is required/, '... are said at the field');
    my $phone = $name eq 'phone';
    my ($login, $me, $logout) = map { $phone ? s/^[a-z]+\K/Auth/r : $_ } qw(postLogin getMe postLogout);
    my %login = $phone ? (%number, password => $secret) : (email => $email, password => $secret, ($name eq 'ai' ? (username => '', device_id => '') : ()));
    if ($phone) {
        ($status) = try_route('postAuthSendOtp', %number);
        is($status, 200, 'a code');
    }
    ($status) = try_route($sign_up{$name}, email => $email, password => $secret, ($name eq 'ai' ? (username => '') : $phone ? (%number, otp => '1234') : ()));
    is($status, $phone ? 200 : 201, 'sign-up');
    ($status, $json) = try_route($login, %login);
    is($status, 200, 'sign-in') or diag explain $json;
    ($status, $json) = try_route($me);
    is($status, 200, '... and its token is kept');
    if ($name eq 'ai') {
        my %cookies = map { $_->{name} => $_->{value} } @{ $browser->cookies };
        secret_used(values %cookies);
        like($cookies{csrf_token} // '', qr/^a\./, 'the pair of cookies');
        my $before = $browser->run('return document.getElementById("token").value');
        ($status, $json) = try_route('postRefresh');
        is($status, 200, '... refreshes') or diag explain $json;
        isnt($browser->run('return document.getElementById("token").value'), $before, '... and the new token is kept');
        secret_used(map { $_->{value} } @{ $browser->cookies });
    }
    else {
        is($browser->run('return document.cookie'), '', 'no cookie');
    }
    if ($phone) {
        ($status, $json) = try_route('patchMeSeeker', personal_info => '{"city":"Pune"}');
        is_deeply([$status, $json->{personal_info}], [200, { city => 'Pune' }], 'a field of JSON');
        is($browser->run('return document.getElementById("who").textContent'), 'Asha Rao', 'the page knows who is signed in');
    }
    ($status) = try_route($logout);
    is($status, 200, 'sign-out');
    ($status) = try_route($me);
    is($status, 401, '... and signed out');

    next if $phone;    # it takes no forms
    ($status, $json) = try_route('postLogin', as => 1, 'form-username' => $email, 'form-password' => 'wrong');
    is($status, 401, 'a wrong password in a form');
    ($status, $json) = try_route('postLogin', 'form-username' => $email, 'form-password' => $secret);
    is($status, 200, 'sign-in by form') or diag explain $json;
    like($browser->run('document.querySelector("#postLogin .try .more").open = true; const s = document.getElementById("postLogin-language"); s.value = "0"; s.dispatchEvent(new Event("change", {bubbles: true})); return document.querySelector("#postLogin .try pre").textContent'),
        qr{-H 'Content-Type: application/x-www-form-urlencoded'.* --data-raw 'username=ada%40}, '... and as code');
    ($status, $json) = try_route('getMe');
    is($status, 200, '... and its token is kept');
    try_route('postLogout') if $name ne 'ai';
}
$httpd->stop;
done_testing;
