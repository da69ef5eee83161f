gets stdin
set sum 0
foreach each [split [gets stdin]] {
    incr sum $each
}
puts $sum
