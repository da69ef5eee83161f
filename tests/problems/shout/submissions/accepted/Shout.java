import java.util.Scanner;

public class Shout {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) {
            System.out.println(Case.upper(in.nextLine()));
        }
    }
}

class Case {
    static String upper(String line) {
        return line.toUpperCase();
    }
}
