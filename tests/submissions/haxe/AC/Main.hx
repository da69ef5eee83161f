class Main {
    static function main() {
        Sys.stdin().readLine();
        var sum = 0.0;
        for (word in Sys.stdin().readLine().split(" "))
            sum += Std.parseFloat(word);
        Sys.println(sum);
    }
}
