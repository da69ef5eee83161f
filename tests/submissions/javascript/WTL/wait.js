// Waits for ever and computes nothing.
setInterval(() => {}, 1_000_000);
