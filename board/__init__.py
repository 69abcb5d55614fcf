"""What knows a piece of hardware: the USB port, lights, buttons. CPython on Linux; firmware hands its logic in."""
