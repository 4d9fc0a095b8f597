# SPDX-License-Identifier: Apache-2.0
# An administrator renames a provider, or removes it. An identity is issuer and sub, so the name changes nothing: another sub of the issuer is
# not linked by its address, an identity is not listed twice, and only providers that are configured count as ways to sign in.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd ();
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use AuthPlatform::Test ();
use Test::More;

my $forge = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'corp.test']);
my $file = "$site->{httpd}{dir}/.env";
my $name = 'corp';

sub me    { my ($who, $method, $path, %o) = @_; return $site->httpd->request($method, "/api/auth/me/identities$path", bearer => $who->{access_token}, %o) }
sub names { my ($who) = @_; return join ' ', sort map { $_->{provider} } @{ me($who, GET => '')->{json}{items} } }

sub settings {
    my ($change) = @_;
    local $_ = AuthPlatform::Httpd::slurp($file);
    $change->();
    AuthPlatform::Httpd::write_file($file, $_);
    $site->httpd->hard;
    return;
}

sub renamed {
    my ($to) = @_;
    my ($old, $new) = (uc $name, uc $to);
    settings(sub { s/OIDC_${old}_/OIDC_${new}_/g; s/^OIDC_PROVIDERS=$name$/OIDC_PROVIDERS=$to/m; s{oidc/$name/callback}{oidc/$to/callback} });
    $name = $to;
    return;
}

# A sign-in of the person $sub, with the address $sub@corp.test or that of claims.
sub arrives {
    my ($sub, %claims) = @_;
    $corp->plan(claims => { sub => $sub, email => "$sub\@corp.test", %claims });
    return $site->visitor->sign_in($name);
}

sub linked {
    my ($who) = @_;
    my $started = me($who, POST => "/$name", json => {});
    AuthPlatform::Httpd::note_secrets($started->{json}{location} =~ /ticket=([^&]+)/);
    my $visitor = $site->visitor;
    my $answer = $visitor->open($visitor->at_provider($visitor->open($started->{json}{location})));
    return me($who, POST => '', json => { link_code => $answer->{json}{link_code} });
}

my %user;
for my $who (qw(ann bob cyd)) { $user{$who} = arrives($who)->{json}{user}{id} }
my $eve = $site->visitor->sign_in('google', login_hint => somebody())->{json};
$corp->plan(claims => { sub => 'eve', email => 'eve@corp.test' });
linked($eve);
is(names($eve), 'corp google', 'two identities');
is(words(arrives('another', email => 'ann@corp.test')), '409 identity_conflict', 'another sub with the address of an account');

renamed('firm');
is(words(arrives('another', email => 'ann@corp.test')), '409 identity_conflict', 'the same after the provider was renamed');

my $bob = arrives('bob')->{json};
is($bob->{user}{id}, $user{bob}, 'the account of somebody who signs in under the new name');
is(names($bob), 'firm', 'the identity has the new name, and stands there once');
me($bob, DELETE => '/firm');
is(words(me($bob, DELETE => '/firm')), '409 last_credential', 'it is the last way to sign in');
$google->plan(claims => { email => 'bob@corp.test' });
is($site->visitor->sign_in('google', login_hint => 'bob')->{json}{user}{id}, $user{bob}, 'with another identity');
$google->plan;
is(me($bob, DELETE => '/firm')->{status}, 204, 'it can be unlinked');
is(names($bob), 'google', 'and is gone');

my $cyd = arrives('cyd')->{json};
is(words(linked($cyd)), '200 ', 'linking what is linked already');
is(names($cyd), 'firm', 'does not make it stand twice');

settings(sub { s/^OIDC_PROVIDERS=.*\n//m });
is(words(me($eve, DELETE => '/google')), '409 last_credential', 'an identity of a provider that is not configured any more is no way to sign in');
is(me($eve, DELETE => '/corp')->{status}, 204, 'but can be unlinked');

done_testing;
