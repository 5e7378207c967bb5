"""The API under load: decisions a second that one core holds."""
