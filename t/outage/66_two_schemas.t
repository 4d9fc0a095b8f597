# SPDX-License-Identifier: Apache-2.0
# Two sites share a database, a role and PgBouncer in transaction mode, each with a schema of its own. All connections share one
# session of the server, so each site runs its statements in a session that the other one has used. No statement reaches the other
# schema, even if AUTH_DB_PREPARED=off was forgotten.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Postgres;
use Test::More;

# On a busy machine a statement may wait for the only session for more than PgBouncer's 2 s, and the answer is 503. With `off` it is asked again.
# A registration that was done although its answer was 503 is then a 409.
sub ask {
    my ($httpd, $path, $body, $again) = @_;
    my $answer = $httpd->api($path, $body);
    for (1 .. $again) {
        last if $answer->{status} != 503;
        select undef, undef, undef, 0.5;
        $answer = $httpd->api($path, $body);
        $answer->{status} = 201 if $answer->{status} == 409 && $path eq '/register';
    }
    return $answer;
}

my $pg = AuthPlatform::Postgres->new(pool => 1)->start->bouncer;
for my $prepared (qw(on off)) {
    my %site = map {
        $_ => AuthPlatform::Httpd->new(settings => "AUTH_STORE=postgresql\nDATABASE_URL=" . $pg->uri . "\nAUTH_DB_SCHEMA=${_}_$prepared\nAUTH_DB_PREPARED=$prepared\n")
    } qw(xa Xb);
    my %in = map { $_ => [] } keys %site;
    my (%seen, @wrong);
    for my $name (sort keys %site) {
        my $first = { email => "first\@$name.example.org", password => 'three calm words' };
        $site{$name}->start;
        $site{$name}->wait_for(sub { $site{$name}->api('/register', $first)->{status} == 201 }, "nobody can register at $name");
        push @{ $in{$name} }, lc $first->{email};
    }
    for my $i (1 .. 15) {
        for my $name (sort keys %site) {
            my $person = { email => "person-$i\@$name.example.org", password => 'three calm words' };
            my $again  = $prepared eq 'off' ? 3 : 0;
            my $made   = ask($site{$name}, '/register', $person, $again);
            my $login  = ask($site{$name}, '/login', { %$person, email => "first\@$name.example.org" }, $again);
            $seen{"register $made->{status}"}++;
            $seen{"login $login->{status}"}++;
            push @{ $in{$name} }, lc $person->{email} if $made->{status} == 201;
            push @wrong, "$name: $login->{json}{user}{email}" if $login->{status} == 200 && $login->{json}{user}{email} ne lc "first\@$name.example.org";
        }
    }
    my $allowed = $prepared eq 'on' ? qr/^register (?:201|503)$|^login (?:200|503)$/ : qr/^register 201$|^login 200$/;
    is(join(', ', grep { !/$allowed/ } sort keys %seen), '', "$prepared: nobody is unknown") or diag explain(\%seen), map { grep { /AUTHP/ } split /^/, $_->log } values %site;
    is(join(', ', @wrong), '', "$prepared: nobody gets an account of the other site");
    for my $name (sort keys %site) {
        my @there   = split /\n/, $pg->sql(qq{SELECT email FROM "${name}_$prepared".users ORDER BY email});
        my %there   = map { $_ => 1 } @there;
        my @foreign = grep { !/\@\L$name\E\./ } @there;
        is(join(', ', @foreign), '', "$prepared: $name has no account of the other site");
        is(join(', ', grep { !$there{$_} } @{ $in{$name} }), '', "$prepared: $name has all who were signed up there");
    }
    is($pg->sql("SELECT count(*) FROM pg_class WHERE relname = 'users' AND relnamespace = 'public'::regnamespace"), '0', "$prepared: nothing is made in public");
    $_->stop for values %site;
    unlike($_->log, qr/AUTHP0206|AUTHP0221|exit signal|Assertion/, "$prepared: no statement was wrong") for values %site;
}
done_testing;
