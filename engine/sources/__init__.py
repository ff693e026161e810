"""Outside sources, one file each, behind the Observations port of engine/panel.py."""
