use strict;
$sum = 6;
print $sum;
