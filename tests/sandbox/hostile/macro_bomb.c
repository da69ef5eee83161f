/* Attacks: the compiler's memory and time, by macros that double what they hold.
 * Limits: cpu_ms=1000 memory_kib=131072
 * Profile: compile
 * Expect: outcome=memory|cpu|exited exit_code=0|1
 */
#define A(x) x x
#define B(x) A(A(A(A(A(x)))))
#define C(x) B(B(B(B(B(x)))))
int numbers[] = {C(C(1, ))};
int main(void) { return numbers[0]; }
