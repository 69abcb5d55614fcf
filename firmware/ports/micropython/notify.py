"""No service manager: what runs under this runtime was started by hand."""


def manager():
    """See ports/cpython/notify.py."""
    return None
