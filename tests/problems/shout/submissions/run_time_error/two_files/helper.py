def fail():
    raise ValueError("no")
