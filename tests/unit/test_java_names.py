import time

import pytest

from executor.judge.java_names import java_names

MAIN = "public static void main(String[] a) {}"

CASES = {
    "public type": (f"public class Sum {{ {MAIN} }}", "Sum.java", "Sum"),
    "package": (f"package a.b ; public class Sum {{ {MAIN} }}", "Sum.java", "a.b.Sum"),
    "public after others": (
        f"class A {{}} interface B {{}} public final class C {{ {MAIN} }}",
        "C.java",
        "C",
    ),
    "no public type": (f"class A {{}} class B {{ {MAIN} }}", "B.java", "B"),
    "main elsewhere": (f"public class A {{}} class B {{ {MAIN} }}", "A.java", "B"),
    "two mains": (f"class B {{ {MAIN} }} public class A {{ {MAIN} }}", "A.java", "A"),
    "line comment": (f"// public class No {{\npublic class Yes {{ {MAIN} }}", "Yes.java", "Yes"),
    "comment": (f"/* public class No {{ */ public class Yes {{ {MAIN} }}", "Yes.java", "Yes"),
    "string": (
        f'class A {{ String s = "}} public class No {{"; {MAIN} }}',
        "A.java",
        "A",
    ),
    "text block": (
        f'class A {{ String s = """\n }} "public class No {{ \\""" """; {MAIN} }}',
        "A.java",
        "A",
    ),
    "character": (f"class A {{ char c = '\\''; char d = '}}'; {MAIN} }}", "A.java", "A"),
    "carriage return ends a comment": (
        f"package pk;\n// x\r/*\npackage pk.M\\u0000wall_ms=60000;\n*/\nclass M {{ {MAIN} }}",
        "M.java",
        "pk.M",
    ),
    "a package that is none": (f"package a\\u0000b; class M {{ {MAIN} }}", "M.java", "M"),
    "a character of two escapes": (
        f"public class \\ud835\\udc00 {{ {MAIN} }}",
        "\U0001d400.java",
        "\U0001d400",
    ),
    "main that is not static": (
        f"class A {{ void main(String[] a) {{}} }} class B {{ {MAIN} }}",
        "B.java",
        "B",
    ),
    "main of other arguments": (
        f"class A {{ static void main(int x) {{}} }} class B {{ {MAIN} }}",
        "B.java",
        "B",
    ),
    "main with varargs": (
        "class A { final static public void main(final String... a) {} } class B {}",
        "A.java",
        "A",
    ),
    "inner public": (f"class A {{ public static class No {{}} {MAIN} }}", "A.java", "A"),
    "main of an inner class": (
        f"class A {{ static class B {{ {MAIN} }} }} class C {{ {MAIN} }}",
        "C.java",
        "C",
    ),
    "a call of main": (
        f"class A {{ int f() {{ main(null); }} }} class B {{ {MAIN} }}",
        "B.java",
        "B",
    ),
    "enum": (f"public enum E {{ X; {MAIN} }}", "E.java", "E"),
    "record": (f"public record R(int a) {{ {MAIN} }}", "R.java", "R"),
    "generic record": (f"public record R<T>(T a) {{ {MAIN} }}", "R.java", "R"),
    "annotation": (
        f'@A({{"x", "public class No"}}) @SuppressWarnings(B.class) public class Y {{ {MAIN} }}',
        "Y.java",
        "Y",
    ),
    "annotation type": ("public @interface Z {}", "Z.java", "Z"),
    "imports": (
        f"import java.util.*; import static a.b.C.main; public class I {{ {MAIN} }}",
        "I.java",
        "I",
    ),
    "unicode escape": (f"public \\u0063lass \\u0041b {{ {MAIN} }}", "Ab.java", "Ab"),
    "escaped escape": (f'class A {{ String s = "\\\\u0022"; {MAIN} }}', "A.java", "A"),
    "letters": (f"public class Größe$1 {{ {MAIN} }}", "Größe$1.java", "Größe$1"),
    "nothing": ("", "Main.java", "Main"),
    "no java": ("}}}} ((( ' \" /* public class", "Main.java", "Main"),
}


@pytest.mark.parametrize("name", CASES)
def test_java_names_table(name: str) -> None:
    source, source_name, entry_point = CASES[name]
    names = java_names(source)
    assert (names.source_name, names.entry_point) == (source_name, entry_point)


@pytest.mark.parametrize(
    "text", ['"""', '"', "'", "/*", "\\", "{", "\\u0022", "public class ", "/"]
)
def test_a_hostile_source_takes_no_longer_than_an_honest_one(text: str) -> None:
    started = time.monotonic()
    java_names(text * (256 * 1024 // len(text)))
    assert time.monotonic() - started < 2
