# SPDX-License-Identifier: Apache-2.0
# PASSWORD_HASH=argon2id from registration to a changed password, and the way to it and back by signing in. What SQLite stores is
# read without the server.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use Test::More;

my $password = 'three calm words';
my $next     = 'four very calm words';
my $ours     = qr/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+\/]{22}\$[\w+\/]{43}$/;

my $httpd = AuthPlatform::Httpd->new(settings => "PASSWORD_HASH=argon2id\n")->start;
my $email = 'ada@example.org';
my $reads = ($ENV{AUTHP_STORE} || 'sqlite') eq 'sqlite';    # the contract suite shows that all stores keep a hash as it is

# The hash in SQLite's file.
sub stored {
    open my $pipe, '-|', 'sqlite3', '-readonly', "$httpd->{dir}/state/auth_platform.db", "SELECT password_hash FROM users WHERE email = '$email'"
        or die "sqlite3: $!";
    chomp(my $hash = <$pipe> // '');
    close $pipe or die "sqlite3 failed\n";
    return $hash;
}

sub stored_like {
    my ($wanted, $name) = @_;
    return $reads ? like(stored(), $wanted, $name) : pass("$name (not read)");
}

sub choose {
    my ($kind) = @_;
    open my $in, '<', "$httpd->{dir}/.env" or die $!;
    my $text = join '', <$in>;
    $text =~ s/^PASSWORD_HASH=.*$/PASSWORD_HASH=$kind/m or die 'no PASSWORD_HASH';
    open my $out, '>', "$httpd->{dir}/.env" or die $!;
    print {$out} $text;
    close $out or die $!;
    $httpd->graceful;
    return;
}

my $made = $httpd->api('/register', { email => $email, password => $password });
is($made->{status}, 201, 'registers') or diag $made->{body}, $httpd->log;
stored_like($ours, 'with an Argon2id hash');
my $hash = $reads ? stored() : 'unknown';
is($httpd->api('/login', { email => $email, password => $password })->{status}, 200, 'signs in');
stored_like(qr/^\Q$hash\E$/, '... the hash stays');
is($httpd->api('/login', { email => $email, password => "$password!" })->{status}, 401, 'a wrong password');
is($httpd->api('/login', { email => $email, password => 'x' x 1025 })->{status}, 401, 'one that nobody can have');
my $changed = $httpd->request(POST => '/api/auth/me/password', json => { current_password => $password, new_password => $next },
    bearer => $made->{json}{access_token});
is($changed->{status}, 200, 'changes the password') or diag $changed->{body};
stored_like($ours, '... to another Argon2id hash');
stored_like(qr/^(?!\Q$hash\E$)/, '... which is new');
$made = $httpd->request(POST => '/api/auth/me/password', json => { current_password => $next, new_password => 'x' x 73 },
    bearer => $changed->{json}{access_token});
is($made->{status}, 422, 'a new password of 73 bytes is refused, so that bcrypt can be chosen again');

choose('bcrypt');
is($httpd->api('/login', { email => $email, password => "$next!" })->{status}, 401, 'bcrypt is chosen: a wrong password');
stored_like($ours, '... changes nothing');
is($httpd->api('/login', { email => $email, password => $next })->{status}, 200, '... the right one signs in');
stored_like(qr/^\$2y\$04\$/, '... and gets a bcrypt hash');
choose('argon2id');
is($httpd->api('/login', { email => $email, password => $next })->{status}, 200, 'Argon2id is chosen again');
stored_like($ours, '... and the account moves back');
is(join("\n", grep {/\[auth_platform:|exit signal/} $httpd->complaints), '', 'nothing to complain about');
$httpd->stop;
done_testing;
