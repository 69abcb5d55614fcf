"""`sosie usb`: boards on the USB ports of the operator's computer."""
