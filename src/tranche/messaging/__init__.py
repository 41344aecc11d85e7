"""Messages to customers by e-mail, SMS and WhatsApp: templates, channels, outbox; it knows no invoice."""
