object Main {
  val sum: Int = "6"
}
