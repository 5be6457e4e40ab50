"""FileFacts, the one intermediate form, and what the language adapters share."""
