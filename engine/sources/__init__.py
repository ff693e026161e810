"""Outside sources: archives and simulations behind the Observations port, live ones behind the port in port.py."""
