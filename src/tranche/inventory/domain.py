"""The refusals around imports of items."""

from tranche.kernel.errors import Conflict


class ImportUndone(Conflict):
    """The import was undone, or is just being undone."""

    code = "import_undone"


class ImportBusy(Conflict):
    """The import is still being worked on, or its undo is."""

    code = "import_processing"


class NothingToUndo(Conflict):
    """The import has brought nothing in."""

    code = "nothing_to_undo"
