# SPDX-License-Identifier: Apache-2.0
# A public collection of JSON texts as bodies of a route. A text that is no JSON gets 400, JSON gets the answer of its fields, and none
# causes a 500, a crash or a hang.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my %input = (
    n_structure_100000_opening_arrays => '[' x 100_000,
    n_structure_open_array_object     => '[{"":' x 50_000,
);
open my $file, '<', "$FindBin::Bin/json/corpus.txt" or die "corpus.txt: $!";
while (my $line = <$file>) {
    next if $line =~ /^#/;
    chomp $line;
    my ($name, $text) = $line =~ /^(\S+) (.*)$/ or die "corpus.txt: $line\n";
    $text =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
    $input{$name} = $text;
}
close $file;
is(scalar(keys %input), 318, 'the whole corpus');

# Valid JSON that is refused all the same, because a name may not occur twice.
my %stricter = map { $_ => 1 } qw(y_object_duplicated_key y_object_duplicated_key_and_value);

for my $name (sort keys %input) {
    my $answer = api(POST => '/login', body => $input{$name}, type => 'application/json');
    my $what   = "$answer->{status} " . (ref $answer->{json} eq 'HASH' ? $answer->{json}{code} || '' : '');
    my $want =
          length $input{$name} > 16384       ? qr/^413 body_too_large$/
        : $name =~ /^n_/ || $stricter{$name} ? qr/^400 malformed_json$/
        : $name =~ /^y_/                     ? qr/^422 validation_failed$/
        :                                      qr/^(?:400 malformed_json|422 validation_failed)$/;
    like($what, $want, $name);
}
is(api(GET => '/healthz')->{status}, 200, 'alive');

# Each text in the place of a value: JSON is checked as a password, and any other text is refused before that.
my $head = '{"email":"nobody@example.org","password":';
for my $name (sort grep { length $input{$_} < 16000 && !$stricter{$_} } keys %input) {
    my $answer = api(POST => '/login', body => "$head$input{$name}}", type => 'application/json');
    my $want   = $name =~ /^y_/ ? qr/^(?:422|401)$/ : qr/^(?:400|422|401)$/;
    like($answer->{status}, $want, "$name as a password");
}

# The collection lacks texts with bytes that are not UTF-8. It also allows parsers to accept most of them; we never do.
my %not_text = (
    'a lone continuation byte'   => "\x80",
    'a byte that never occurs'   => "\xff",
    'ISO 8859-1'                 => "\xe9",
    'an overlong slash'          => "\xc0\xaf",
    'an overlong slash of three' => "\xe0\x80\xaf",
    'an overlong NUL'            => "\xc0\x80",
    'a surrogate'                => "\xed\xa0\x80",
    'above U+10FFFF'             => "\xf4\x90\x80\x80",
    'five bytes'                 => "\xf8\x88\x80\x80\x80",
    'a cut character'            => "\xe2\x82",
    'half a pair, escaped'       => '\\ud800',
    'the other half, escaped'    => '\\udc00',
    'two high halves, escaped'   => '\\ud800\\ud800',
    'a raw NUL'                  => "\0",
    'a raw line feed'            => "\n",
);
for my $name (sort keys %not_text) {
    for my $body ("$head\"long enough $not_text{$name}\"}", "{\"$not_text{$name}\":1}", "$head\"long enough\",\"x\":[\"$not_text{$name}\"]}") {
        my $answer = api(POST => '/login', body => $body, type => 'application/json');
        is("$answer->{status} $answer->{json}{code}", '400 malformed_json', $name);
    }
}
# An escaped NUL is valid JSON, but not allowed in a password.
my $nul = api(POST => '/login', body => "$head\"long enough\\u0000\"}", type => 'application/json');
like($nul->{status}, qr/^(?:400|401|422)$/, 'an escaped NUL');
is(api(GET => '/healthz')->{status}, 200, 'still alive');
done_testing;
