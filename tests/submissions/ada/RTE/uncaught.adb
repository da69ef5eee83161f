procedure Main is
begin
   raise Constraint_Error with "no answer";
end Main;
