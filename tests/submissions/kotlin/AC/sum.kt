fun main() {
    readLine()
    println(readLine()!!.split(" ").map { it.toLong() }.sum())
}
