package main

func main() {
	sum := 6
}
