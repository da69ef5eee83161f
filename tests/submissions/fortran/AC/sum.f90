program main
  implicit none
  integer(8) :: n
  integer(8), allocatable :: numbers(:)
  read *, n
  allocate (numbers(n))
  read *, numbers
  print '(i0)', sum(numbers)
end program
