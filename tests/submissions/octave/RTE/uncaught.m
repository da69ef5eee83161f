error("no answer");
