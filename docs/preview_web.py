"""Photographs the public page as a phone shows it: `python docs/preview_web.py --database crier-demo/demo.db`.

Any database with a few decided weeks will do; Chromium must be there (`apt-get install chromium`).
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from preview import FOLDER, HERE, last_morning, photograph, written

from bot.settings import Settings
from bot.web.manners import Pace
from bot.web.server import listening
from storage.database import open_database

TALL = 1200  # pixels of a phone that are shown
DARK = "--blink-settings=preferredColorScheme=0"


async def make(database: Path, index: str, token: str) -> None:
    """Serve a database on loopback, and photograph three pages of it."""
    opened = open_database(database)
    morning = last_morning(opened)
    opened.close()
    settings = Settings(database=database).model_copy(update={"web_port": 0})
    async with listening(settings, lambda: morning, Pace(lambda: 0.0, burst=1000)) as site:
        for name, path, flags in (
            ("home", "/", ()),
            ("index", f"/index/{index}", ()),
            ("token", f"/token/{token.upper()}", (DARK,)),
        ):
            picture = await asyncio.to_thread(photograph, site.address + path, *flags, tallest=TALL)
            made = written(HERE / FOLDER / f"web-{name}.png", picture)
            print(f"{made.relative_to(HERE)}  {len(picture) / 1000:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--index", default="defi")
    parser.add_argument("--token", default="prptx")
    given = parser.parse_args()
    asyncio.run(make(given.database, given.index, given.token))
