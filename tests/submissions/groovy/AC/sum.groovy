def input = System.in.newReader()
input.readLine()
println input.readLine().split(" ").collect { it as long }.sum()
