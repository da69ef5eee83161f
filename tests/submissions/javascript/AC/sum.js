// The plain solution.
const words = require("fs").readFileSync(0, "utf8").split(/\s+/);
let sum = 0;
for (let i = 1; i <= Number(words[0]); i++) sum += Number(words[i]);
console.log(String(sum));
