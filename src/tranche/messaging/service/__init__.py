"""The verbs of messages."""

from tranche.messaging.queries.messages import MESSAGES, message_of
from tranche.messaging.service.callbacks import answer_challenge, receive
from tranche.messaging.service.channels import change_channel, get_channel, list_channels, open_account
from tranche.messaging.service.deciding import (
    find_sending,
    lose,
    mark_sent,
    release_unknown,
    send_again,
    settle_open,
)
from tranche.messaging.service.outbox import count_by_status, get_message, list_events, list_positions, list_sent
from tranche.messaging.service.sending import SENDABLE, Attempt, commit_lightly, note_outcomes, queue, take, take_turns
from tranche.messaging.service.suppressions import (
    find_suppression,
    list_suppressed,
    list_suppressions,
    suppress,
    unsuppress,
)
from tranche.messaging.service.templates import Samples, delete_template, get_template, list_templates, save_template

__all__ = [
    "MESSAGES",
    "SENDABLE",
    "Attempt",
    "Samples",
    "answer_challenge",
    "change_channel",
    "commit_lightly",
    "count_by_status",
    "delete_template",
    "find_sending",
    "find_suppression",
    "get_channel",
    "get_message",
    "get_template",
    "list_channels",
    "list_events",
    "list_positions",
    "list_sent",
    "list_suppressed",
    "list_suppressions",
    "list_templates",
    "lose",
    "mark_sent",
    "message_of",
    "note_outcomes",
    "open_account",
    "queue",
    "receive",
    "release_unknown",
    "save_template",
    "send_again",
    "settle_open",
    "suppress",
    "take",
    "take_turns",
    "unsuppress",
]
