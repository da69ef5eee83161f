object Main extends App {
  io.StdIn.readLine()
  println(io.StdIn.readLine().split(" ").map(_.toLong).sum)
}
