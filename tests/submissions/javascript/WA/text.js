// Strings are joined where numbers should be added.
const words = require("fs").readFileSync(0, "utf8").split(/\s+/);
console.log(words.slice(1).reduce((a, b) => a + b, ""));
