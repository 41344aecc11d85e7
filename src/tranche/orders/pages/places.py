"""Where the pages of an upload are, which they tell each other."""

from typing import Final

UPLOADS: Final = "/uploads"
NEW: Final = "/uploads/new"
REVIEW: Final = "/uploads/review"
