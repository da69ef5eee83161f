// An exception that nobody catches.
throw new Error("nobody catches me");
