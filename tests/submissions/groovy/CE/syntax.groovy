println (6
