val sum: int = "6"
