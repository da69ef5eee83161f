# Attacks: the verdict, by the words that a sandbox would print.
# Expect: outcome=exited exit_code=3
for stream in 1 2; do
    printf 'OK\nELAPSED_TIME: 0 s\nMEMORY_USED: 0 kB\nCPU_TIME: 0.000 s\n' >&$stream
    printf 'outcome=exited\0exit_code=0\0' >&$stream
done
exit 3
