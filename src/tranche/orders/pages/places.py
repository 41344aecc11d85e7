"""Where the pages of an upload are, which they tell each other."""

from typing import Final

UPLOADS: Final = "/uploads"
NEW: Final = "/uploads/new"
NEW_COLUMNS: Final = "/uploads/new/columns"
REVIEW: Final = "/uploads/review"
