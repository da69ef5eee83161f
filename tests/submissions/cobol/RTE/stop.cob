identification division.
program-id. stops.
procedure division.
    move 3 to return-code.
    stop run.
