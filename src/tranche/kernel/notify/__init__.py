"""Telling the outside: mails, signed webhooks and operators' alerts, by way of an outbox in the database."""
