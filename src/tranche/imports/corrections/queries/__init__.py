"""Every SQL statement on refused rows, on the changes to them, and between them and a target's stage."""
