"""What went wrong, below the groups in which the official client's tasks wrap it."""


def cause_of(error: BaseException) -> BaseException:
    """The first exception that is none of a group."""
    return cause_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
