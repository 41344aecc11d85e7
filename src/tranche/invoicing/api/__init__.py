"""The HTTP endpoints of invoices: document 2's functions and jobs, selections, invoices, settings."""

from typing import Any, Final

from tranche.invoicing.api.choices import CHOICE_ROUTES
from tranche.invoicing.api.functions import FUNCTION_ROUTES
from tranche.invoicing.api.invoices import INVOICE_ROUTES
from tranche.invoicing.api.job_verbs import JOB_VERB_ROUTES
from tranche.invoicing.api.jobs import JOB_ROUTES
from tranche.invoicing.api.settings import SETTINGS_ROUTES

ROUTES: Final[tuple[Any, ...]] = (
    *FUNCTION_ROUTES,
    *JOB_ROUTES,
    *JOB_VERB_ROUTES,
    *CHOICE_ROUTES,
    *INVOICE_ROUTES,
    *SETTINGS_ROUTES,
)
