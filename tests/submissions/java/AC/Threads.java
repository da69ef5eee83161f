// Adds in several threads, and has classes beside and inside its own.
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class Adder {
    static long add(long a, long b) { return a + b; }
}

class Main {
    public static void main(String[] args) throws Exception {
        Scanner in = new Scanner(System.in);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> parts = new ArrayList<>();
        for (int n = in.nextInt(); n > 0; n--) {
            long x = in.nextLong();
            parts.add(pool.submit(() -> Adder.add(x, 0)));
        }
        long sum = 0;
        for (Future<Long> part : parts)
            sum += part.get();
        pool.shutdown();
        System.out.println(sum);
    }
}
