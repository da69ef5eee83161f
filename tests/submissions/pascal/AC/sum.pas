var
  n, i: longint;
  each, sum: int64;
begin
  read(n);
  sum := 0;
  for i := 1 to n do
  begin
    read(each);
    sum := sum + each;
  end;
  writeln(sum);
end.
