"""SQL of the outbox: notifications, their leases, endpoints of webhooks."""
