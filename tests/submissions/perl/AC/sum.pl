use strict;
use warnings;
use List::Util "sum0";

my $n = <STDIN>;
print sum0(split " ", <STDIN>), "\n";
