"""The HTTP endpoints of document 4."""

from tranche.billing_stops.api.analysis import ANALYSIS_ROUTES
from tranche.billing_stops.api.batch import BATCH_ROUTES
from tranche.billing_stops.api.comparing import COMPARING_ROUTES
from tranche.billing_stops.api.source import SOURCE_ROUTES

ROUTES = (*ANALYSIS_ROUTES, *BATCH_ROUTES, *COMPARING_ROUTES, *SOURCE_ROUTES)
