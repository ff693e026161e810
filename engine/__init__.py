"""The middle of the house: given the same panel and date it makes the same decision; no clock, no database, no chat."""
