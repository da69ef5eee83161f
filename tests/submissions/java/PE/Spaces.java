// Right but for white space, where the checker wants each byte.
import java.util.Scanner;

public class Spaces {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        long sum = 0;
        for (int n = in.nextInt(); n > 0; n--)
            sum += in.nextLong();
        System.out.println(sum + " ");
    }
}
