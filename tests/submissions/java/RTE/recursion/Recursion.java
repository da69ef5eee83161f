// The stack overflows, at 16 MiB. To unwind it the JVM needs several times as much memory again: with
// the default, a stack as large as the memory, this is MLE.
public class Recursion {
    static int deeper(int n) { return deeper(n + 1) + 1; }

    public static void main(String[] args) { System.out.println(deeper(0)); }
}
