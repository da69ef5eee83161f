// The plain solution; the file is named by the public class, not by what this comment says:
// public class Wrong
import java.util.Scanner;

public class Sum {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        long sum = 0;
        for (int n = in.nextInt(); n > 0; n--)
            sum += in.nextLong();
        System.out.println(sum);
    }
}
