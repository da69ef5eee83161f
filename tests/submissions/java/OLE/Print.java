// Prints without end.
public class Print {
    public static void main(String[] args) {
        for (;;)
            System.out.println("and again");
    }
}
