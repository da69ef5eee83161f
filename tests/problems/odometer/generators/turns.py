"""Writes the tests into data/: of one turn, 1 MB, and of 200."""

from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
TURN = "".join(f"{number:09}\n" for number in range(100_000))


def write(name: str, turns: int) -> None:
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{turns}\n")
    with path.with_suffix(".ans").open("w") as answer:
        for _ in range(turns):
            answer.write(TURN)


write("sample/1", 1)
write("secret/200", 200)
