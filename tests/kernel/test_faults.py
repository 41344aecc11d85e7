"""What may be said of a fault."""

import pytest

from tranche.kernel.faults import describe, words_of


def test_a_fault_is_described_without_its_data() -> None:
    def break_down() -> None:
        raise ValueError("SELECT password FROM users") from KeyError("ada@example.test")

    with pytest.raises(ValueError, match="password") as caught:
        break_down()
    said = f"{describe(caught.value)} {words_of(caught.value)}"
    assert "ValueError" in said
    assert "KeyError" in said
    assert "test_faults.py" in said
    assert "password" not in said
    assert "ada@" not in said
