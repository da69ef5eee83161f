"""Fills a file beyond the output limit; Python ignores SIGXFSZ and sees an error instead."""

with open("out.txt", "w") as file:
    while True:
        file.write("and again" * 1000)
