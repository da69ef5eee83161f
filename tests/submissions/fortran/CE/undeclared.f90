program main
  implicit none
  print *, total
end program
