"""The HTTP endpoints of identity and of the audit log."""

from typing import Any, Final

from tranche.kernel.identity.api.api_keys import create_api_key, list_api_keys, revoke_api_key, rotate_api_key
from tranche.kernel.identity.api.audit import export_audit, list_audit, list_audit_seals
from tranche.kernel.identity.api.notifications import (
    get_wishes,
    list_deliveries,
    list_notifications,
    resend_delivery,
    update_wishes,
)
from tranche.kernel.identity.api.organization import (
    create_branch,
    get_me,
    get_organization,
    list_branches,
    update_organization,
)
from tranche.kernel.identity.api.users import create_user, list_users, update_user
from tranche.kernel.identity.api.webhooks import (
    create_webhook,
    delete_webhook,
    find_webhook,
    list_webhooks,
    rotate_webhook,
    test_webhook,
    update_webhook,
)

ROUTES: Final[tuple[Any, ...]] = (
    get_me,
    get_organization,
    update_organization,
    list_branches,
    create_branch,
    list_users,
    create_user,
    update_user,
    list_api_keys,
    create_api_key,
    revoke_api_key,
    rotate_api_key,
    list_audit,
    export_audit,
    list_audit_seals,
)

# These need the verbs on webhooks, which a root offers as `webhooks`.
WEBHOOK_ROUTES: Final[tuple[Any, ...]] = (
    list_webhooks,
    create_webhook,
    find_webhook,
    update_webhook,
    delete_webhook,
    rotate_webhook,
    test_webhook,
    list_deliveries,
    resend_delivery,
    list_notifications,
    get_wishes,
    update_wishes,
)
