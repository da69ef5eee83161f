// Prints without end.
const fs = require("fs");
for (;;) fs.writeSync(1, "and again\n");
