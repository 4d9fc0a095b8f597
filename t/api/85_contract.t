# SPDX-License-Identifier: Apache-2.0
# Every route, status and code that password accounts can get, with both ways of sending tokens. The rows are in contract/*.pl. At the end
# the test checks that everything that the OpenAPI document promises was seen, and nothing else.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Contract;
use AuthPlatform::Test;
use Test::More;

expect_log(qr/AUTHP0301: refresh_reuse denied/);
require "$FindBin::Bin/contract/$_.pl" for qw(every_route accounts sessions admin trouble);
my @all    = do "$FindBin::Bin/contract/routes.pl";
my @routes = grep { !$_->{provider} } @all;
for my $way (ways()) {
    my %people = (candidate => actor($way, 'candidate'), admin => actor($way, 'admin'), gone => actor($way, 'candidate'));
    my $out = request(POST => AUTH . '/logout', credentials($people{gone}));
    is($out->{status}, 200, "$way: a session ends") or diag $out->{body};
    holds($way, $_) for every_route($way, \@routes, \%people);
    holds($way, $_) for map { $_->($way, \%people) } \&account_rows, \&own_rows, \&refresh_rows, \&logout_rows, \&renew_rows, \&admin_rows;
    holds($way, $_) for open_rows();
}
my $person = actor('json', 'admin');
unavailable(\@routes, $person);
busy(\@routes, $person);
limited(\@routes, $person);
broken(\@routes);
alone();

# --- has everything been seen? --------------------------------------------------------------------------------------
my $seen = seen();
my $doc  = api(GET => '/openapi.json')->{json};
my %promised;    # "POST /login 401 invalid_credentials"
for my $path (keys %{ $doc->{paths} }) {
    (my $short = $path) =~ s{^\Q${\AUTH}\E}{};
    for my $method (grep { /^[a-z]+$/ && $_ ne 'parameters' } keys %{ $doc->{paths}{$path} }) {
        my $responses = $doc->{paths}{$path}{$method}{responses};
        for my $status (keys %$responses) {
            my $examples = ($responses->{$status}{content}{'application/problem+json'} || {})->{examples} || {};
            my @codes    = map { $doc->{components}{examples}{$_}{value}{code} } keys %$examples;
            $promised{ join ' ', uc $method, $short, $status, $_ // () }++ for $status >= 400 ? @codes : undef;
        }
    }
}
my %known     = map { $_->{route} => 1 } @routes;
my %elsewhere = map { $_->{route} => 1 } grep { $_->{provider} } @all;
my $here      = sub { !$elsewhere{ join ' ', (split / /, shift)[0, 1] } };
my %described = map { join(' ', (split / /)[0, 1]) => 1 } keys %promised;
is_deeply([sort keys %described], [sort keys %known, keys %elsewhere], 'the routes of the document are those of the table');

# No test can cause an internal error on a route that asks no store.
my %needs_mail = do "$FindBin::Bin/contract/mail.pl";
my %by_mail    = map { $_ => 1 } map { @$_ } values %needs_mail;
my @unseen = grep { $here->($_) && !$seen->{$_} && !$by_mail{$_} && !/^GET \/(?:healthz|readyz|openapi\.json|docs|verify-email|reset-password) 500 internal_error$/ } sort keys %promised;
is("@unseen", '', 'each status and code that is promised has been seen');
is(join(', ', grep { !$promised{$_} || $seen->{$_} } sort keys %by_mail), '', 'what only a server with mail answers is promised, and was not seen here');
# 304 answers a conditional request of HTTP. The document leaves it out, as it leaves out 405.
my @surprises = grep { !$promised{$_} && !/^(?:HEAD|OPTIONS|TRACE) | 304$| 405 / && $known{ join ' ', (split / /)[0, 1] } } sort keys %$seen;
is("@surprises", '', 'and no other');

# These occur only with cookies, or only with a bearer token, or were tested on a server of their own.
my $one_way = qr{\ (?:csrf_failed|origin_denied|busy|rate_limited|store_unavailable|internal_error|last_admin|insufficient_user_authentication)$|^GET\ /session/renew
    |^POST\ /(?:register/recruiter|email/verify)\ 401\ token_}x;
my @half = grep { keys %{ $seen->{$_} } < 2 && $_ !~ $one_way && $promised{$_} } sort keys %$seen;
is("@half", '', 'in both token ways');

# The codes that clients use to choose what to do.
my @codes = qw(invalid_credentials token_missing token_invalid token_expired token_revoked insufficient_role insufficient_user_authentication
    not_candidate not_recruiter recruiter_pending invite_required invite_invalid email_taken csrf_failed origin_denied refresh_invalid
    refresh_reused last_admin rate_limited busy store_unavailable validation_failed malformed_json body_too_large unsupported_media_type not_found
    method_not_allowed internal_error link_invalid mail_unavailable);
my %met = map { (split / /)[3] // '' => 1 } keys %$seen;
is(join(' ', grep { !$met{$_} } @codes), '', 'every code of the contract has been seen');
is(join(' ', grep { my $code = $_; length && !grep { $_ eq $code } @codes } sort keys %met), '', 'and no other one');
done_testing;
