/* Attacks: the compiler's stack, by brackets in brackets.
 * Limits: cpu_ms=500 stack_kib=8192
 * Profile: compile
 * Expect: outcome=exited|memory|cpu exit_code=0|1|4
 */
#define A(x) ((((((((x))))))))
#define B(x) A(A(A(A(A(A(A(A(x))))))))
#define C(x) B(B(B(B(B(B(B(B(x))))))))
int main(void) { return C(C(C(C(C(C(C(C(C(C(1)))))))))); }
