"""Languages by their names, for people to whom "bn" says nothing."""

from babel import Locale, UnknownLocaleError


def name_language(code: str) -> str:
    """What English calls the language of a tag such as `bn` or `pt-BR`; the tag itself where it has no name there."""
    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code
