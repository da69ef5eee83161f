procedure Main is
begin
   Sum := 6;
end Main;
