fun main() {
    val sum: Int = "6"
}
