"""The part of the command line for whoever runs the bot: copies of the database, a way back, and the doctor."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli_options import AsJson, Database, example, print_json
from bot.settings import FILE, read_settings
from engine.errors import CannotWrite, CrierError

app = typer.Typer()


class _Terminal:
    """Asks in the terminal; what is secret is not echoed."""

    def text(self, question: str, default: str) -> str:
        return str(typer.prompt(question, default=default))

    def secret(self, question: str) -> str:
        return str(typer.prompt(question, default="", show_default=False, hide_input=True))

    def yes(self, question: str) -> bool:
        return typer.confirm(question)


@app.command(epilog=example("crier init"))
def init(
    file: Annotated[Path, typer.Option(help="The file of settings to write.")] = FILE,
    database: Database = None,
    mode: Annotated[str | None, typer.Option(help="The risk mode of chats that choose none.")] = None,
    telegram_token: Annotated[str | None, typer.Option(help="Telegram's token; '' for no Telegram.")] = None,
    telegram_token_file: Annotated[Path | None, typer.Option(help="A file that holds it instead.")] = None,
    discord_token: Annotated[str | None, typer.Option(help="Discord's token; '' for no Discord.")] = None,
    discord_token_file: Annotated[Path | None, typer.Option(help="A file that holds it instead.")] = None,
    admins: Annotated[str | None, typer.Option(help="Bot admins by number: telegram:123456789,...")] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Ask the services whose the tokens are.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")] = False,
    ask: Annotated[bool, typer.Option("--ask/--no-input", help="Ask what no option answers, in a terminal.")] = True,
    telegram_api: Annotated[str, typer.Option(envvar="CRIER_TELEGRAM_API", hidden=True)] = "",
    discord_api: Annotated[str, typer.Option(envvar="CRIER_DISCORD_API", hidden=True)] = "",
) -> None:
    """Ask the few questions, check each token live, write the settings, and print invitations and the admin's code."""
    from bot.setup import Wanted, initialise, told

    tokens = {"telegram": telegram_token, "discord": discord_token}
    files = {"telegram": telegram_token_file, "discord": discord_token_file}
    wanted = Wanted(
        file, database, mode, admins,
        {name: token for name, token in tokens.items() if token is not None},
        {name: path for name, path in files.items() if path is not None},
        {"telegram": telegram_api, "discord": discord_api}, overwrite, check,
    )  # fmt: skip
    asker = _Terminal() if ask and sys.stdin.isatty() else None
    for line in told(initialise(wanted, asker, typer.echo, dt.datetime.now(dt.UTC))):
        typer.echo(line)


def _place(text: str) -> Path:
    path = Path(text)
    if text.endswith("/") and not path.is_dir():
        raise CannotWrite(f"there is no folder {path}: create it first.")
    return path


@app.command(epilog=example("crier backup backups/ --keep 14"))
def backup(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A new file, or a folder that gets a dated one.", parser=_place)
    ],
    keep: Annotated[int | None, typer.Option(min=1, help="In a folder: remove all but the newest so many.")] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Copy the live database to one file and verify the copy: every page, every entry of the journal."""
    from bot.safekeeping import make_backup, told_backup

    made = make_backup(read_settings(database), path, dt.datetime.now(dt.UTC), keep)
    if as_json:
        print_json({"path": str(made.path), "bytes": made.contents.bytes, "heads": made.contents.heads})
    else:
        typer.echo(told_backup(made))


@app.command(epilog=example("crier restore backups/crier-20261123T010000Z.db"))
def restore(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file that `crier backup` wrote.")],
    chats: Annotated[
        bool, typer.Option("--chats", help="Take chats and their choices from the backup too, not only the market.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
) -> None:
    """Put a backup in the database's place: nothing told is told again, and the journal says what was lost."""
    from bot.safekeeping import restore as put_back, told_restore

    settings = read_settings(database)
    if not yes:
        _confirm(f"Put {path} in the place of {settings.database}?")
    for line in told_restore(put_back(settings, path, dt.datetime.now(dt.UTC), people=chats)):
        typer.echo(line)


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise CrierError(f"there is nobody to answer {question!r}: give --yes.")
    typer.confirm(question, abort=True)


@app.command(epilog=example("crier upgrade"))
def upgrade(database: Database = None) -> None:
    """After a new version: copy the database, bring it up to date, examine it; go back where that fails."""
    from bot.doctor import print_findings
    from bot.safekeeping import upgrade as bring_up

    done = bring_up(read_settings(database), dt.datetime.now(dt.UTC))
    print_findings(list(done.findings), Console())
    typer.echo(f"The database is up to date. It lies as it was at {done.backup}: delete it once all is well.")


@app.command(epilog=example("crier health --ready"))
def health(
    readiness: Annotated[
        bool, typer.Option("--ready", help="Also: fetches, decisions, fills, messages in time.")
    ] = False,
    database: Database = None,
) -> None:
    """A quick probe for machines: the service runs and its database takes what is written; exit 1 where not."""
    from bot.lean import lean

    with lean():  # it runs beside the weekly job, on a small machine
        from bot.health import probe, told

        findings = probe(read_settings(database).database, dt.datetime.now(dt.UTC), readiness)
    for line in told(findings):
        typer.echo(line)
    if any(not finding.ok for finding in findings):
        raise CrierError("the probe failed: see the lines above.")


@app.command(epilog=example("crier doctor"))
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also ask every host of every source now.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Check settings, clock, database, journal, data and live sources: one line each, exit 1 if one fails."""
    from bot.doctor import examine, print_findings

    findings = examine(read_settings(database), dt.datetime.now(dt.UTC), online)
    if as_json:
        print_json([{"check": f.check, "ok": f.ok, "says": f.says} for f in findings])
    else:
        print_findings(findings, Console())
    failed = [f.check for f in findings if not f.ok]
    if failed:
        raise CrierError(f"{len(failed)} of {len(findings)} checks failed: {', '.join(failed)}.")
