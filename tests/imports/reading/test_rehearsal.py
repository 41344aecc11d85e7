"""The table that is read for nothing."""

from tranche.imports.reading.rehearsal import rehearse


def test_the_rehearsal_reads_its_one_row() -> None:
    assert rehearse() == 1
