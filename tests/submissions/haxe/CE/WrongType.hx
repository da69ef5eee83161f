class Main {
    static function main() {
        var sum: Int = "6";
    }
}
