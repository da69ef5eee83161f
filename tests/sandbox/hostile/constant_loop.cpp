/* Attacks: the compiler's time, by loops that it must run itself, each just short of its own bound.
 * Limits: cpu_ms=800
 * Profile: compile
 * Expect: outcome=cpu
 */
template <int n> constexpr long spin()
{
    long sum = n;
    for (int i = 0; i < 200000; i++)
        sum += i;
    return sum;
}
template <int n> struct All {
    static constexpr long value = spin<n>() + All<n - 1>::value;
};
template <> struct All<0> {
    static constexpr long value = 0;
};
int main() { return All<800>::value % 2; }
