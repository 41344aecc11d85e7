"""The areas of the API, in the order of the reference."""

from collections.abc import Sequence
from typing import Final

from tranche.kernel.web.document import ApiArea

AREAS: Final[Sequence[ApiArea]] = (
    ApiArea(
        title="Orders",
        about="Spreadsheets of orders: upload, follow, correct, undo; the orders that came in.",
        prefixes=("/api/orders",),
    ),
    ApiArea(
        title="Imports",
        about="What every uploaded file has: errors, refused rows and their correction, mappings that are remembered.",
        prefixes=("/api/imports",),
    ),
    ApiArea(title="Customers", about="Who is billed.", prefixes=("/api/customers",)),
    ApiArea(title="Items", about="What is sold and kept in stock.", prefixes=("/api/items",)),
    ApiArea(
        title="Stock",
        about="Lots, called batches here: receive, transfer, merge, split, correct, hold, trace, recall.",
        prefixes=("/api/batch", "/api/batches", "/api/inventory"),
    ),
    ApiArea(
        title="Invoices",
        about="Invoices and credit notes, their PDF, design and settings; what a run over orders would do.",
        prefixes=("/api/invoices", "/api/invoice-settings", "/api/invoice-design", "/api/order-selections"),
    ),
    ApiArea(
        title="Invoice jobs",
        about="Runs that make invoices of orders, by the thousand.",
        prefixes=("/api/batch-jobs", "/functions/v1"),
    ),
    ApiArea(
        title="Bulk runs",
        about="Runs over customers and invoices: create, print, send.",
        prefixes=("/api/batch-operations",),
    ),
    ApiArea(
        title="Messages",
        about="What was sent, channels, templates, addresses that get nothing.",
        prefixes=(
            "/api/messages",
            "/api/message-channels",
            "/api/message-templates",
            "/api/message-suppressions",
            "/api/message-callbacks",
        ),
    ),
    ApiArea(
        title="Bill stops",
        about="The nightly snapshot of the billing system, its analysis and its source.",
        prefixes=("/api/crp-cpc",),
    ),
    ApiArea(
        title="Operations",
        about="All long work, of whatever kind: progress, failures, cancel, pause, retry, undo.",
        prefixes=("/api/operations",),
    ),
    ApiArea(title="Schedules", about="Work by the clock.", prefixes=("/api/schedules",)),
    ApiArea(
        title="Webhooks",
        about="Other systems are told of what ended; what was told, and who wants mails.",
        prefixes=("/api/webhooks", "/api/notifications", "/api/me/notifications"),
    ),
    ApiArea(
        title="Organization",
        about="Who you are, settings, branches, users, API keys.",
        prefixes=("/api/me", "/api/organization", "/api/branches", "/api/users", "/api/api-keys"),
    ),
    ApiArea(
        title="Audit and health",
        about="Who did what, what the last examination found, whether the process lives.",
        prefixes=("/api/audit", "/api/doctor", "/livez", "/readyz"),
    ),
)
