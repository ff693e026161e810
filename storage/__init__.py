"""What must survive a restart: one SQLite file through sqlite-utils, written by one connection."""
