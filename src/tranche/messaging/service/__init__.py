"""The verbs of messages."""

from tranche.messaging.service.callbacks import answer_challenge, receive
from tranche.messaging.service.channels import change_channel, get_channel, list_channels, open_account
from tranche.messaging.service.outbox import (
    commit_lightly,
    count_by_status,
    get_message,
    list_before,
    list_events,
    list_messages,
    list_positions,
    note_outcome,
    queue,
    release_unknown,
    settle_sending,
    take,
    wait_for_turn,
)
from tranche.messaging.service.suppressions import (
    find_suppression,
    list_suppressed,
    list_suppressions,
    suppress,
    unsuppress,
)
from tranche.messaging.service.templates import Samples, delete_template, get_template, list_templates, save_template

__all__ = [
    "Samples",
    "answer_challenge",
    "change_channel",
    "commit_lightly",
    "count_by_status",
    "delete_template",
    "find_suppression",
    "get_channel",
    "get_message",
    "get_template",
    "list_before",
    "list_channels",
    "list_events",
    "list_messages",
    "list_positions",
    "list_suppressed",
    "list_suppressions",
    "list_templates",
    "note_outcome",
    "open_account",
    "queue",
    "receive",
    "release_unknown",
    "save_template",
    "settle_sending",
    "suppress",
    "take",
    "unsuppress",
    "wait_for_turn",
]
