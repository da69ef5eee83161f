export {};

declare function require(name: string): any;

const lines: string[] = require("fs").readFileSync(0, "utf8").split("\n");
const sum: number = lines[1].split(" ").map(Number).reduce((a: number, b: number) => a + b, 0);
console.log(sum);
