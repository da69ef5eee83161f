begin
  writeln(sum);
end.
