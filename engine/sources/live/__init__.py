"""The live sources, one file each, behind the port in engine/sources/port.py; a new file here is a new source."""
