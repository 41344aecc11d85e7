-- Messages are handed over in groups: when each was, and what was told of one before its provider's id was written down.
SET lock_timeout = '5s';

ALTER TABLE messages ADD COLUMN handed_at timestamptz;

-- Callbacks that came before the outcome of the sending; taken up with it, and dropped after a day.
CREATE TABLE message_early_events (
    organization_id bigint NOT NULL REFERENCES organizations,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'whatsapp')),
    provider_id text NOT NULL CHECK (provider_id <> ''),
    event_key text NOT NULL,
    status text NOT NULL,
    detail text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, channel, provider_id, event_key)
);
CREATE INDEX message_early_events_by_age ON message_early_events (organization_id, at);

CALL raise_tenant_wall('message_early_events');

-- The outbox by channel, and by the beginning of an address.
CREATE INDEX messages_by_channel ON messages (organization_id, channel, id);
CREATE INDEX messages_by_address ON messages (organization_id, address);
