"""Errors that a user can mend."""


class RecordingError(ValueError):
    """The data of one recording cannot be used.

    The message names the file or variable, the field and the remedy. The workflow excludes the
    recording, keeps the message as the reason, and goes on with the others.
    """


class ConfigError(ValueError):
    """A setting is wrong. The message names the key, the value and what would be valid."""
