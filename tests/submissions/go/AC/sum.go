package main

import "fmt"

func main() {
	var n, sum, each int64
	fmt.Scan(&n)
	for ; n > 0; n-- {
		fmt.Scan(&each)
		sum += each
	}
	fmt.Println(sum)
}
