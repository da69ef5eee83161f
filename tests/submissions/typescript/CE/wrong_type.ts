const sum: number = "6";
console.log(sum);
