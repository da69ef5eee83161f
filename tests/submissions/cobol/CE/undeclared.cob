identification division.
program-id. undeclared.
procedure division.
    display total.
    stop run.
