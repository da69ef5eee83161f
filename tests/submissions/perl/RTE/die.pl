die "no answer";
