// Computes for ever.
for (let i = 0; ; i++);
