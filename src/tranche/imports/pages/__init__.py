"""The first pages of an upload, the same for every target: the file, its columns, the word that brings it in."""

from typing import Any

from tranche.imports.pages.columns import make_columns_pages, make_new_columns_pages
from tranche.imports.pages.confirming import make_confirmation
from tranche.imports.pages.filing import make_file_pages
from tranche.imports.pages.uploading import Uploading

__all__ = ["Uploading", "make_upload_pages"]


def make_upload_pages(uploading: Uploading) -> tuple[Any, ...]:
    """The pages of one target."""
    return (
        *make_file_pages(uploading),
        *make_new_columns_pages(uploading),
        *make_columns_pages(uploading),
        *make_confirmation(uploading),
    )
