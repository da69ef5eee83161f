import std/[sequtils, strutils, math]

discard stdin.readLine()
echo stdin.readLine().splitWhitespace().map(parseBiggestInt).sum()
