console.log (6
