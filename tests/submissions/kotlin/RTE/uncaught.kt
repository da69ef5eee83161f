fun main() {
    throw Exception("no answer")
}
