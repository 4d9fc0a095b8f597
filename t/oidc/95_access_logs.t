# SPDX-License-Identifier: Apache-2.0
# The logs of the sample configurations (conf/*.conf, README.md, conf/guides/*.md) have no code, state, ticket, login_code or link_code of a
# sign-in at a provider. Each format is read from its file and used while people sign in, link an identity and are refused.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Guide ();
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(challenge query_of somebody verifier with_query words);
use AuthPlatform::Test ();
use JSON ();
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
my $APP = 'https://app.example.org';

# --- what the samples have -------------------------------------------------------------------------------------------
# {file => text of the configuration}
my %sample = map { m{([^/]+)\z}; $1 => AuthPlatform::Httpd::slurp($_) } glob "$top/conf/*.conf";
for my $file ("$top/README.md", glob "$top/conf/guides/*.md") {
    my $text = join '', map { $_->{text} } grep { $_->{kind} eq 'apache' } AuthPlatform::Guide::all($file);
    $file =~ m{([^/]+)\z};
    $sample{$1} = $text;
}
my (%access, %error);
for my $name (sort keys %sample) {
    my %here;
    while ($sample{$name} =~ /^\s*(LogFormat|ErrorLogFormat|CustomLog|TransferLog|GlobalLog|ForensicLog|DumpIO\w+)\s+(.*?)\s*$/mg) {
        my ($directive, $rest) = ($1, $2);
        if ($directive eq 'LogFormat' && $rest =~ /^(".*") (\w+)$/) { $here{$2} = 1; $access{"$name-$2"} = $1 }
        elsif ($directive eq 'ErrorLogFormat') { $error{$name} = $rest }
        elsif ($directive eq 'CustomLog') { ok($rest =~ /(\w+)$/ && $here{$1}, "$name: a log in a format of its own: $rest") }
        else { fail("$name: $directive $rest") }
    }
}
is(join(' ', sort keys %access), 'demo.conf-demo production.conf-auth_platform providers.md-auth_platform', 'the formats of the access logs');
is(join(' ', sort keys %error), 'demo.conf production.conf', 'and of the error logs');

# --- sign-ins --------------------------------------------------------------------------------------------------------
# What must not be in a log. The access log "control" is in httpd's usual format, which shows that the values were in requests.
my %used;
sub used { my ($kind, $value) = @_; die "no $kind" if !length($value // ''); push @{ $used{$kind} }, $value; return $value }

my $forge = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $logs = join '', map {qq{CustomLog "access-$_" $access{$_}\n}} sort keys %access;
my @sites = map {
    my $number = $_;
    my $name   = (sort keys %error)[$number];
    my ($level) = $sample{$name} =~ /^LogLevel (.*)$/m or die "$name has no LogLevel\n";
    AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'corp.test'], settings => "FRONTEND_URL=$APP\n",
        more => qq{LogLevel $level\nErrorLogFormat $error{$name}\n$logs} . qq{CustomLog access-control "%r \\"%{Referer}i\\""\n}
            . qq{<Location "/">\nAuthPlatformSignInPage /sign-in.html\n</Location>});
} 0 .. keys(%error) - 1;

# Signs somebody in, and opens the callback's answer as a browser does that sends a Referer.
sub signs_in {
    my ($site, %query) = @_;
    my $visitor = $site->visitor;
    my $login = $visitor->begin('google', login_hint => somebody(), %query);
    used(state => query_of($login->{location})->{state});
    my $back = $visitor->at_provider($login);
    used(code => query_of($back)->{code}) if !$query{login_hint};
    my $answer = $visitor->open($back, headers => { Referer => $back });
    $visitor->open('/page.txt', headers => { Referer => $back });
    return ($answer, $visitor, $back);
}

for my $site (@sites) {
    my ($tokens) = signs_in($site);
    is(words($tokens), '200 tokens', 'a sign-in without return_to');
    my ($page, $visitor, $back) = signs_in($site, return_to => '/page.txt');
    is($page->{status}, 302, 'one to a page');
    is($visitor->open($back)->{status}, 400, 'its callback a second time');
    my ($denied) = signs_in($site, return_to => '/page.txt', login_hint => 'deny');
    like($denied->{location}, qr/error=oauth_denied/, 'one that is refused');

    my $verifier = verifier();
    my ($app) = signs_in($site, return_to => "$APP/", code_challenge => challenge($verifier));
    my $login_code = used(login_code => query_of($app->{location})->{login_code});
    is($site->httpd->get(with_query('/page.txt', login_code => $login_code))->{status}, 401, 'a login_code at the wrong site');

    my $token = $tokens->{json}{access_token};
    my $started = $site->httpd->request(POST => '/api/auth/me/identities/corp', bearer => $token, json => { return_to => '/page.txt' });
    my $ticket = used(ticket => query_of($started->{json}{location})->{ticket});
    my $browser = $site->visitor;
    my $login = $browser->open($started->{json}{location});
    used(state => query_of($login->{location})->{state});
    my $callback = $browser->at_provider(with_query($login->{location}, login_hint => somebody()));
    used(code => query_of($callback)->{code});
    my $answer = $browser->open($callback);
    my $link_code = used(link_code => query_of($answer->{location})->{link_code});
    $browser->open($answer->{location}, headers => { Referer => $callback });
    is($site->httpd->request(POST => '/api/auth/me/identities', bearer => $token, json => { link_code => $link_code })->{status}, 200, 'an identity is linked');

    # A provider that fails in the middle.
    $google->plan(token => { status => 500 });
    is(words((signs_in($site))[0]), '503 oauth_unavailable', 'the provider fails');
    $google->plan;
}

# --- the logs --------------------------------------------------------------------------------------------------------
is(join(' ', sort keys %used), 'code link_code login_code state ticket', 'all kinds were used');
for my $site (@sites) {
    my $dir = $site->httpd->{dir};
    my %log = map { $_ => AuthPlatform::Httpd::slurp("$dir/$_") } map {"access-$_"} 'control', keys %access;
    my @all = grep { my $value = $_; index($log{'access-control'}, $value) >= 0 } map {@$_} values %used;
    cmp_ok(scalar @all, '>=', 14, 'the requests had the values in their query');
    delete $log{'access-control'};
    $log{error} = $site->httpd->log;
    for my $name (sort keys %log) {
        my %found = map { my $kind = $_; $kind => scalar grep { index($log{$name}, $_) >= 0 } @{ $used{$kind} } } keys %used;
        is_deeply(\%found, { map { $_ => 0 } keys %used }, "$name has none of them");
        like($log{$name}, $name eq 'error' ? qr/resuming normal operations/ : qr{GET /api/auth/google/callback}, '... and was written');
    }
}
done_testing;
