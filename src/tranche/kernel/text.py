"""What is done to texts; above all the folding of names for matching, written once for Python and once for SQL.

The rule of folding: compatibility forms are unified (NFKC), runs of white space become one space and the ends are cut,
letters become small, and the four letters on which lower-casing rules disagree are fixed by hand: the dotted and
the dotless Turkish i both become "i", both forms of the small sigma become one, and "ß" becomes "ss".

It is weaker than `str.casefold` (which also expands ligatures and some Greek and Armenian letters), because
PostgreSQL has no case folding before version 18. Where the two versions of the rule can still differ: letters that
are newer than one side's Unicode tables. A database with LC_CTYPE "C" lowers only ASCII and is therefore unfit.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

# What a spreadsheet program takes for the beginning of a formula.
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
# Joiners of Bengali, Hindi, Persian and others, marks of direction, and the place where a word may break: letters that
# Python calls unprintable and that many words are spelt with. Those that turn a text round are not among them.
_FORMS = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c\u00ad")
_SPACE = "Zs"
_SPACES = re.compile("[\u0001-\u0020\u0085\u1680\u2028\u2029]+")
_IN_ADDRESS = re.compile(r"(://[^\s:@/]*:)\S*@")
_NAMED = re.compile(r"(passw(?:or)?d\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&'\"]+)", re.IGNORECASE)
_BEFORE = str.maketrans("İΣ", "iσ")
_MOST_COMPARED = 256
_LONGEST_COMPARED = 60
_AFTER = str.maketrans({"ς": "σ", "ı": "i", "ß": "ss"})


def fold(text: str) -> str:
    """The form in which names are compared; "  Straße " and "STRASSE" have the same."""
    plain = _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip(" ")
    return plain.translate(_BEFORE).lower().translate(_AFTER)


def fold_sql(expression: str) -> str:
    """The same rule as an SQL expression over a fixed fragment such as "w.name"; NULL stays NULL."""
    spaced = (
        f"regexp_replace(normalize({expression}, NFKC), '[\\u0001-\\u0020\\u0085\\u1680\\u2028\\u2029]+', ' ', 'g')"
    )
    lowered = f"lower(translate(btrim({spaced}, ' '), 'İΣ', 'iσ'))"
    return f"replace(translate({lowered}, 'ςı', 'σi'), 'ß', 'ss')"


def hide_passwords(text: str) -> str:
    """The text with every password of an address (`://user:password@`, `password=...`) as three stars."""
    return _NAMED.sub(r"\1***", _IN_ADDRESS.sub(r"\1***@", text))


def after_prefix(prefix: str) -> str:
    """The least text greater than every text that begins with `prefix`, for `~>=~` and `~<~` ranges.

    Byte order is meant, as in text_pattern_ops; in UTF-8 it equals the order of code points. Empty: no such text.
    """
    for end in range(len(prefix), 0, -1):
        point = ord(prefix[end - 1]) + 1
        if point == _FIRST_SURROGATE:
            point = _AFTER_SURROGATES
        if point <= _LAST_POINT:
            return prefix[: end - 1] + chr(point)
    return ""


def is_plain(char: str) -> bool:
    """Whether a letter may stand in a line of text: it is printable, a space of any width, or a mark inside words."""
    return char.isprintable() or char in _FORMS or unicodedata.category(char) == _SPACE


def is_line(text: str) -> bool:
    """Whether a text is one line without control characters."""
    return all(is_plain(char) for char in text)


def spellings(text: str) -> tuple[str, ...]:
    """How a number may be written that somebody types: as it stands, and in capitals."""
    return tuple(dict.fromkeys((text, text.upper())))


def camel(name: str) -> str:
    """A field's name as the wire writes it: `due_days` is dueDays."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def plural(count: int, one: str, many: str = "") -> str:
    """How many, with the right word: "1 row", "3 rows"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def one_of(many: str) -> str:
    """The word for one of what an operation counts: an order of orders, an index of indexes."""
    return many.removesuffix("es") if many.endswith("xes") else many.removesuffix("s")


def number_ranges(prefix: str, *, digits: int = 12) -> list[tuple[int, int]]:
    """The ranges of whole numbers of up to `digits` digits that begin so.

    "24" is 24, 240 to 249, 2400 to 2499, and so on. Empty where the text is no beginning of a positive number.
    """
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= digits) or prefix.startswith("0"):
        return []
    first = int(prefix)
    return [(first * 10**more, (first + 1) * 10**more - 1) for more in range(digits - len(prefix) + 1)]


_FIRST_SURROGATE = 0xD800
_AFTER_SURROGATES = 0xE000
_LAST_POINT = 0x10FFFF


def rank(wanted: str, known: Mapping[str, Sequence[str]]) -> list[str]:
    """The names that there are, the nearest to one that there is not first; each is as near as its nearest word.

    Of more than 256, the others follow as they come.
    """
    names = list(known)
    compared = sorted(names[:_MOST_COMPARED], key=lambda name: max(_likeness(wanted, word) for word in known[name]))
    return [*reversed(compared), *names[_MOST_COMPARED:]]


def _likeness(one: str, other: str) -> float:
    one, other = one[:_LONGEST_COMPARED].casefold(), other[:_LONGEST_COMPARED].casefold()
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
