"""What a Java source calls its types, read from its tokens: comments and strings are not fooled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_UNICODE_ESCAPE = re.compile(r"\\\\|\\u+([0-9a-fA-F]{4})")

# Unclosed comments and strings go to the end, so that each character is looked at once.
_TOKEN = re.compile(
    r"""(?P<skip> //[^\n\r]* | /\*.*?(?:\*/|\Z) | \s+
        | \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z) | "(?:\\.|[^"\\\n\r])*"? | '(?:\\.|[^'\\\n\r])*'? )
      | (?P<word> [^\W\d][\w$]* | \$[\w$]* ) | (?P<sign> . )""",
    re.VERBOSE | re.DOTALL,
)
_QUALIFIED_NAME = re.compile(r"[\w$]+(?:\.[\w$]+)*")
_TYPE_KEYWORDS = ("class", "interface", "enum", "record")


@dataclass(slots=True)
class _Type:
    name: str
    public: bool
    has_main: bool = False


@dataclass(slots=True)
class _Unit:
    package: str = ""
    types: list[_Type] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JavaNames:
    """How a source is to be called on disk, and the class to be started, with its package."""

    source_name: str
    entry_point: str


def java_names(source: str) -> JavaNames:
    """The names of a source: by its public type, else by the type with a `main`, else Main.

    The class to be started is the public type if it has a `main` or no other has one.
    """
    unit = _parse(list(_tokens(source)))
    public = next((each.name for each in unit.types if each.public), None)
    mains = [each.name for each in unit.types if each.has_main]
    main = mains[0] if mains else None
    entry = public if public in mains or main is None else main
    prefix = f"{unit.package}." if unit.package else ""
    return JavaNames(f"{public or main or 'Main'}.java", prefix + (entry or "Main"))


def _tokens(source: str) -> Iterator[str]:
    plain = source
    if "\\u" in source:
        plain = _UNICODE_ESCAPE.sub(_unescape, source)
        # Two escapes may be the halves of one character.
        plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for match in _TOKEN.finditer(plain):
        if match.lastgroup != "skip":
            yield match.group()


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[0]


def _parse(tokens: list[str]) -> _Unit:
    unit = _Unit()
    braces = brackets = 0
    public = False
    for index, token in enumerate(tokens):
        match token:
            case "{":
                braces += 1
            case "}":
                braces = max(0, braces - 1)
                public = False
            case "(":
                brackets += 1
            case ")":
                brackets = max(0, brackets - 1)
            case "main" if braces == 1 and unit.types and _is_main(tokens, index):
                unit.types[-1].has_main = True
            case _ if braces or brackets:
                pass
            case ";":
                public = False
            case "public":
                public = True
            case "package" if not unit.types:
                unit.package = _qualified_name(tokens, index + 1)
            case _ if token in _TYPE_KEYWORDS and _names_type(tokens, index):
                unit.types.append(_Type(tokens[index + 1], public))
                public = False
    return unit


def _is_main(tokens: list[str], index: int) -> bool:
    """Whether `main` at `index` is what the JVM starts: `static void main(String[] args)`."""
    before = index - 1
    while before > 0 and tokens[before] not in (";", "{", "}"):
        before -= 1
    modifiers, after = tokens[before + 1 : index], tokens[index + 1 : index + 12]
    if "static" not in modifiers or modifiers[-1:] != ["void"] or after[:1] != ["("]:
        return False
    arguments = after[: after.index(")")] if ")" in after else after
    return "String" in arguments and ("[" in arguments or arguments.count(".") >= 3)


def _names_type(tokens: list[str], index: int) -> bool:
    """Whether a keyword declares a type; `record` may also be an ordinary name."""
    following = tokens[index + 1 : index + 3]
    if len(following) < 2 or (not following[0].isidentifier() and "$" not in following[0]):
        return False
    return tokens[index] != "record" or following[1] in ("(", "<")


def _qualified_name(tokens: list[str], start: int) -> str:
    """`a.b.c`, or "" if something else follows, which no compiler would take either."""
    end = start
    while end < len(tokens) and tokens[end] != ";":
        end += 1
    name = "".join(tokens[start:end])
    return name if _QUALIFIED_NAME.fullmatch(name) else ""
