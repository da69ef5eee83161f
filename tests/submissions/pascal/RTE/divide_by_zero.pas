var
  zero: longint;
begin
  zero := 0;
  writeln(6 div zero);
end.
