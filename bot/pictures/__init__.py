"""What each kind of chart draws on its canvas, one file a kind; `bot.charts` is the door."""
