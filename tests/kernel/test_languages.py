"""What languages are called."""

import pytest

from tranche.kernel.languages import name_language


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("bn", "Bangla"),
        ("ar", "Arabic"),
        ("pt-BR", "Portuguese (Brazil)"),
        ("xq", "xq"),
        ("e", "e"),
        ("", ""),
        ("..", ".."),
    ],
)
def test_a_language_is_called_by_its_name_or_its_tag(code: str, name: str) -> None:
    assert name_language(code) == name
