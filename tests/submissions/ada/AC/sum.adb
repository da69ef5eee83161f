with Ada.Text_IO; use Ada.Text_IO;

procedure Main is
   package Numbers is new Integer_IO (Long_Long_Integer);
   N, Each : Long_Long_Integer;
   Sum     : Long_Long_Integer := 0;
begin
   Numbers.Get (N);
   for I in 1 .. N loop
      Numbers.Get (Each);
      Sum := Sum + Each;
   end loop;
   Numbers.Put (Sum, Width => 0);
   New_Line;
end Main;
