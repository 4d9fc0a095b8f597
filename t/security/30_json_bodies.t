# SPDX-License-Identifier: Apache-2.0
# A public corpus of JSON texts as bodies of a route: what is no JSON is 400, what is JSON is judged by its fields, and nothing
# is a 500, a crash or a hang.
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

# JSON by the grammar, and refused all the same as the contract says: a name may not come twice.
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
done_testing;
