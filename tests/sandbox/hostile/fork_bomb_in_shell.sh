# Attacks: the process table, by a shell that starts shells without end. It gives up when it cannot fork.
# Limits: processes=16 cpu_ms=300
# Expect: outcome=cpu|exited exit_code=0|2
bomb() {
    bomb | bomb &
    while :; do :; done
}
while :; do bomb & done
