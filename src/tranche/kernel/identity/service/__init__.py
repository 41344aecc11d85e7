"""The verbs of identity."""

from tranche.kernel.identity.service.administer import (
    create_branch,
    create_user,
    find_branch,
    find_user,
    get_organization,
    has_branch,
    has_joined,
    list_branches,
    list_joined,
    list_users,
    organization_zone,
    rename_self,
    update_organization,
    update_user,
)
from tranche.kernel.identity.service.authenticate import authenticate
from tranche.kernel.identity.service.bootstrap import bootstrap
from tranche.kernel.identity.service.entering import (
    Entrance,
    Entry,
    Lifetimes,
    choose_branch,
    end_other_sessions,
    list_sessions,
    sign_out,
)
from tranche.kernel.identity.service.inviting import (
    Purpose,
    accept,
    invite,
    look_at_link,
    look_at_setup,
    make_link,
    make_setup_link,
    set_up,
)
from tranche.kernel.identity.service.issue import issue_key, list_keys, revoke_key, rotate_key
from tranche.kernel.identity.service.visiting import find_visitor
from tranche.kernel.identity.service.wishes import get_operation_mails, set_operation_mails

__all__ = [
    "Entrance",
    "Entry",
    "Lifetimes",
    "Purpose",
    "accept",
    "authenticate",
    "bootstrap",
    "choose_branch",
    "create_branch",
    "create_user",
    "end_other_sessions",
    "find_branch",
    "find_user",
    "find_visitor",
    "get_operation_mails",
    "get_organization",
    "has_branch",
    "has_joined",
    "invite",
    "issue_key",
    "list_branches",
    "list_joined",
    "list_keys",
    "list_sessions",
    "list_users",
    "look_at_link",
    "look_at_setup",
    "make_link",
    "make_setup_link",
    "organization_zone",
    "rename_self",
    "revoke_key",
    "rotate_key",
    "set_operation_mails",
    "set_up",
    "sign_out",
    "update_organization",
    "update_user",
]
