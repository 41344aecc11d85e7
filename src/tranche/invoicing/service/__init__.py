"""The verbs of invoices."""

from tranche.invoicing.queries.invoices import INVOICES, invoice_of
from tranche.invoicing.service.closing import (
    close_held,
    credit_invoice,
    mark_freed_orders,
    mark_used_items,
    void_batch,
    void_invoice,
)
from tranche.invoicing.service.gathering import (
    MOST_LISTED,
    Choice,
    forget_selections,
    freeze_listed,
    freeze_selection,
    get_selection,
)
from tranche.invoicing.service.issuing import issue, issue_one, issue_prepared, judge_stock, judge_to_issue, prepare
from tranche.invoicing.service.jobs import MOST_ERRORS, get_job, list_errors, list_jobs, look_at_run, look_at_runs
from tranche.invoicing.service.look import (
    choose,
    get_invoice,
    get_invoice_document,
    list_first,
    list_heads,
    list_invoice_documents,
    list_invoices,
    list_taken,
    sum_run,
)
from tranche.invoicing.service.metrics import get_metrics
from tranche.invoicing.service.running import (
    DRAW_STAGE,
    READY,
    RUN_KIND,
    RUN_STAGE,
    UNDO_KIND,
    preflight,
    start_run,
    start_undo,
)
from tranche.invoicing.service.terms import change_settings, freeze_terms, get_settings

__all__ = [
    "DRAW_STAGE",
    "INVOICES",
    "MOST_ERRORS",
    "MOST_LISTED",
    "READY",
    "RUN_KIND",
    "RUN_STAGE",
    "UNDO_KIND",
    "Choice",
    "change_settings",
    "choose",
    "close_held",
    "credit_invoice",
    "forget_selections",
    "freeze_listed",
    "freeze_selection",
    "freeze_terms",
    "get_invoice",
    "get_invoice_document",
    "get_job",
    "get_metrics",
    "get_selection",
    "get_settings",
    "invoice_of",
    "issue",
    "issue_one",
    "issue_prepared",
    "judge_stock",
    "judge_to_issue",
    "list_errors",
    "list_first",
    "list_heads",
    "list_invoice_documents",
    "list_invoices",
    "list_jobs",
    "list_taken",
    "look_at_run",
    "look_at_runs",
    "mark_freed_orders",
    "mark_used_items",
    "preflight",
    "prepare",
    "start_run",
    "start_undo",
    "sum_run",
    "void_batch",
    "void_invoice",
]
