# SPDX-License-Identifier: Apache-2.0
# A 422 names at most 20 fields, says how many others there are, and stays small whatever a client sends.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use JSON ();
use Test::More;

my %good = (email => new_email(), password => 'correct horse');

for my $count (1, 19, 20, 21, 1500) {
    my $answer = api(POST => '/register', json => { %good, map { ("x$_" => 1) } 1 .. $count });
    problem_is($answer, 422, 'validation_failed', "$count unknown fields");
    is(scalar @{ $answer->{json}{errors} }, $count < 20 ? $count : 20, '... as many named');
    is($answer->{json}{more}, $count > 20 ? $count - 20 : undef, '... and as many more');
    cmp_ok(length $answer->{body}, '<', 8192, '... in a small answer');
}
# Bodies of the maximum size, with names that become longest when they are written as JSON.
for my $char ('n', "\x{1F30D}", '\\u0001') {
    my $text = '{' . join(',', map { '"' . $_ . ($char x ($char eq "\\u0001" ? 100 : 180)) . '":1' } 'a' .. 't') . '}';
    utf8::encode($text);
    my $answer = api(POST => '/register', body => $text, type => 'application/json');
    problem_is($answer, 422, 'validation_failed', "long names of $char") if $char eq 'n';
    is($answer->{status}, 422, 'long names');
    cmp_ok(length $answer->{body}, '<', 8192, '... are cut') or diag length $answer->{body};
    my @longest = sort { $b <=> $a } map { length $_->{field} } @{ $answer->{json}{errors} };
    cmp_ok($longest[0], '<=', 65, '... to 64 characters and an ellipsis');
}
my $own = api(POST => '/register', json => { email => 'no address', map { ("x$_" => 1) } 1 .. 200 });
is_deeply([sort map { $_->{field} } @{ $own->{json}{errors} }[0, 1]], ['email', 'password'], 'the fields of the request come first');
is($own->{json}{more}, 182, 'all are counted');

# The same limits hold for query parameters. Unknown parameters of a list are ignored, however long they are.
my $boss = admin();
my $list = api(GET => '/users?limit=x&cursor=y&role=z&' . join('&', map {"p$_=1"} 1 .. 300), bearer($boss));
problem_is($list, 422, 'validation_failed', 'a query with three mistakes');
is_deeply([map { $_->{field} } @{ $list->{json}{errors} }], [qw(limit cursor role)], 'named once each');
is($list->{json}{more}, undef, 'and no more');

my $schema = api(GET => '/openapi.json')->{json}{components}{schemas}{Problem};
is($schema->{properties}{more}{type}, 'integer', 'documented');
ok(!grep({ $_ eq 'more' } @{ $schema->{required} }), 'as absent otherwise');
done_testing;
