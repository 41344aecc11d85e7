"""The verbs of identity."""

from tranche.kernel.identity.service.administer import (
    create_branch,
    create_user,
    find_branch,
    find_user,
    get_organization,
    has_branch,
    list_branches,
    list_users,
    organization_zone,
    update_organization,
    update_user,
)
from tranche.kernel.identity.service.authenticate import authenticate
from tranche.kernel.identity.service.bootstrap import bootstrap
from tranche.kernel.identity.service.issue import issue_key, list_keys, revoke_key, rotate_key
from tranche.kernel.identity.service.wishes import get_operation_mails, set_operation_mails

__all__ = [
    "authenticate",
    "bootstrap",
    "create_branch",
    "create_user",
    "find_branch",
    "find_user",
    "get_operation_mails",
    "get_organization",
    "has_branch",
    "issue_key",
    "list_branches",
    "list_keys",
    "list_users",
    "organization_zone",
    "revoke_key",
    "rotate_key",
    "set_operation_mails",
    "update_organization",
    "update_user",
]
