/* Attacks: the compiler's memory and time, by templates that make two of each.
 * Limits: cpu_ms=800
 * Profile: compile
 * Expect: outcome=memory|cpu
 */
template <int depth, long path> struct Bomb {
    static constexpr long value = Bomb<depth - 1, path * 2>::value + Bomb<depth - 1, path * 2 + 1>::value;
};
template <long path> struct Bomb<0, path> {
    static constexpr long value = path;
};
int main() { return Bomb<40, 1>::value % 2; }
