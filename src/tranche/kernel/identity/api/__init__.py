"""The HTTP endpoints of identity and of the audit log."""

from typing import Any, Final

from tranche.kernel.identity.api.api_keys import create_api_key, list_api_keys, revoke_api_key, rotate_api_key
from tranche.kernel.identity.api.audit import list_audit
from tranche.kernel.identity.api.organization import (
    create_branch,
    get_me,
    get_organization,
    list_branches,
    update_organization,
)
from tranche.kernel.identity.api.users import create_user, list_users, update_user

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
)
