// Computes for ever.
public class Spin {
    static volatile long i;

    public static void main(String[] args) {
        for (;;)
            i++;
    }
}
