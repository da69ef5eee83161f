import { add } from "./add";

declare function require(name: string): any;

const lines: string[] = require("fs").readFileSync(0, "utf8").split("\n");
console.log(lines[1].split(" ").map(Number).reduce(add, 0));
