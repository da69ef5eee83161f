NR == 2 {
    for (i = 1; i <= NF; i++) sum += $i
    print sum
}
