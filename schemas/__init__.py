"""What is recorded: records, vocabularies, errors, the canonical byte form. Imports nothing of the floors above."""
