"""The command line: one function a command, each of which hands over to the room that does the work."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot import cli_operator as operator
from bot.cli_options import AsJson, Database, example as _example, print_json as _print_json
from bot.progress import bars
from bot.settings import read_settings
from engine.errors import BadRequest, BrokenJournal, CrierError

if TYPE_CHECKING:
    from engine.audit import Audit

app = typer.Typer(
    name="crier",
    help="Weekly AI-index signals for crypto communities: decided in the open, explained, costed and chained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CONSOLE = "console"

Admin = Annotated[bool, typer.Option("--admin", help="Ask as a bot admin.")]
ShownMode = Annotated[str | None, typer.Option("--mode", help="Show this risk mode, whatever the chat follows.")]


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it like 2023-11-13") from None


@app.command(epilog=_example("crier demo"))
def demo(
    seed: Annotated[int, typer.Option(help="Another seed makes another market and other decisions.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the chart and the database.")] = Path("crier-demo"),
    years: Annotated[
        float, typer.Option(min=0.5, max=20, help="Length of the market's past; 1 is quick, and knows little.")
    ] = 4,
    talk: Annotated[
        bool, typer.Option("--chat/--no-chat", help="Open the chat at the end, where there is a terminal.")
    ] = True,
) -> None:
    """Show the whole product on a simulated market: every index, three weeks, a chart, then a chat."""
    from bot.demo import run_demo

    run_demo(Console(), seed, years, out, talk)


@app.command(epilog=_example('crier ask "/index defi"'))
def ask(
    text: Annotated[str, typer.Argument(help='One chat command, such as "/index defi".')],
    admin: Admin = False,
    mode: ShownMode = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Ask one chat command and print the one answer."""
    from bot.dispatch import Request, dispatch
    from bot.platforms.console import render
    from bot.services import open_services
    from engine.modes import mode as known

    settings = read_settings(database)
    shown = known(mode).id if mode else ""
    with open_services(settings) as services:
        request = Request(text, CONSOLE, CONSOLE, CONSOLE, shown, is_bot_admin=admin, place="console")
        reply = dispatch(services.desk, request)
    if as_json:
        _print_json(json.loads(reply.to_json()))
    else:
        render(reply, Console(stderr=not reply.ok))
    if not reply.ok:
        raise typer.Exit(1)


@app.command(epilog=_example("crier chat"))
def chat(admin: Admin = False, mode: ShownMode = None, database: Database = None) -> None:
    """Talk to the bot in the terminal, against the configured database."""
    from bot.platforms.console import run_chat
    from bot.services import open_services
    from engine.modes import mode as known

    shown = known(mode).id if mode else ""
    with open_services(read_settings(database)) as services:
        run_chat(services.desk, Console(), mode=shown, is_bot_admin=admin)


@app.command("import", epilog=_example("crier import ../shared/archive"))
def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A market archive: tokens.csv, candles.csv.gz and more.")
    ],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Read a market archive into the database; a second import changes nothing, bad rows are refused and counted."""
    from bot.importing import import_archive
    from bot.services import open_services

    with open_services(read_settings(database), create=True) as services, bars(quiet=as_json) as progress:
        report = import_archive(services.database, folder, progress, until=dt.datetime.now(dt.UTC).date())
    if as_json:
        _print_json(report.to_dict())
    else:
        report.print(Console())


@app.command(epilog=_example("crier fetch --only exchanges,fred"))
def fetch(
    only: Annotated[str, typer.Option(metavar="ID", help="Only this source, or several with commas.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Bring the database up to date from the live sources: only what is missing, resumable, exit 1 where one failed."""
    from bot.fetching import fetch as bring
    from bot.phrases import counted
    from bot.services import open_services

    settings = read_settings(database)
    with open_services(settings, create=True) as services, bars(quiet=as_json) as progress:
        report = bring(services.database, settings, only, progress)
    if as_json:
        _print_json(report.to_dict())
    else:
        report.print(Console())
    if failed := report.failed():
        raise CrierError(
            f"what came is stored, but {counted(len(failed), 'source', 'sources')} failed: {'; '.join(failed)}."
        )


@app.command(epilog=_example("crier week --as-of 2023-11-13"))
def week(
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help="A past Monday, or a day of a decided week: writes to the replay ledger."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compute and show, store nothing.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Run the weekly job: settle, form signals, decide every index in every mode, journal, announce.

    On a day between two Mondays of a decided week: settle, and decide only what a written trigger calls for.
    """
    from bot.lean import lean

    with lean():
        from bot.posting import Posting
        from bot.services import open_services
        from bot.weekly import run_due

        now, settings = dt.datetime.now(dt.UTC), read_settings(database)
        post = Posting(now, settings.mode, settings.admins)
        with open_services(settings) as services, bars(quiet=as_json) as progress:
            result = run_due(services.database, _date(as_of) if as_of else None, now, dry_run, progress, post)
    from bot.weekly_report import print_week, week_to_dict

    if as_json:
        _print_json(week_to_dict(result))
    else:
        print_week(result, Console(), dry_run)


@app.command(epilog=_example("crier run"))
def run(database: Database = None) -> None:
    """Run the service: the schedule, the queue, and every chat platform whose token is set; SIGTERM ends it."""
    from bot.service import run_service

    run_service(read_settings(database))


@app.command(epilog=_example("crier backtest --archive ../shared/archive --from 2021-01-04 --to 2023-12-25 --out out/"))
def backtest(
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First Monday decided.")],
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="Last Monday decided.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for weights, levels, signals, actions, summary and report.")
    ] = None,
    archive: Annotated[Path | None, typer.Option(help="Read this archive instead of the database.")] = None,
    index: Annotated[str, typer.Option(help="One index id, several with commas, or all.")] = "all",
    mode: Annotated[str, typer.Option(help="One risk mode, several with commas, or all.")] = "balanced",
    workers: Annotated[int, typer.Option(help="Processes of this machine that fit the classifiers.")] = 1,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Fit on this Dask cluster instead; trusted networks only.")
    ] = None,
    classifiers: Annotated[
        str, typer.Option(help="Ask only these classifiers; none: the written rules alone.")
    ] = "all",
    without: Annotated[str, typer.Option(help="Leave these families of data points out.")] = "",
    audit: Annotated[
        bool, typer.Option("--audit", help="Look for look-ahead: cut history at random days, recompute, compare bytes.")
    ] = False,
    cuts: Annotated[int, typer.Option(min=1, help="At how many days an audit cuts.")] = 20,
    seed: Annotated[int, typer.Option(help="Another seed draws other days.")] = 7,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Walk forward through history with the very functions of the weekly job, and write what they did.

    With --audit nothing need be written: the exit code is 1 where any run that has never seen the future differs.
    """
    from bot.backtesting import recipe_of, run, run_audit
    from bot.printed_figures import print_summary
    from engine.scale import workers_of

    settings, days = read_settings(database), (_date(start), _date(end))
    fitted_by = workers_of(workers, dask)
    if audit:
        if classifiers != "all" or without:
            raise typer.BadParameter("an audit is of the whole method: leave --classifiers and --without out")
        with bars(quiet=as_json) as progress:
            found = run_audit(settings, *days, out, archive, index, mode, cuts, seed, progress, fitted_by)
        _tell_audit(found, as_json)
        return
    if out is None:
        raise typer.BadParameter("a folder to write to is needed, unless --audit is asked", param_hint="--out")
    with bars(quiet=as_json) as progress:
        recipe = recipe_of(classifiers, without)
        summary = run(settings, *days, out, archive, index, mode, progress, fitted_by, recipe)
    if as_json:
        _print_json(summary)
    else:
        print_summary(summary, out, Console())


def _tell_audit(found: Audit, as_json: bool) -> None:
    from bot.phrases import counted
    from bot.printed_audit import audit_to_dict, print_audit

    if as_json:
        _print_json(audit_to_dict(found))
    else:
        print_audit(found, Console())
    if found.differences:
        raise CrierError(
            f"the walk looked ahead: {counted(len(found.differences), 'value')} differed without a future."
        )


@app.command(epilog=_example("crier features --coverage --token AAVE"))
def features(
    family: Annotated[str | None, typer.Option(help="Only this family.")] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show what was known by year, by family; or of one --family or --token.")
    ] = False,
    token: Annotated[str | None, typer.Option(help="With --coverage: one token, or all.")] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure what each entry foretold --from a Monday --to another, as TOML.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write the page docs/features.md.")] = False,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First Monday measured.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last Monday measured.")] = None,
    archive: Annotated[Path | None, typer.Option(help="Look at this archive instead of the database.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for TOML or page (default: standard output).")] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Print the catalogue of data points: what each is, when it is known, and what it was measured to foretell."""
    from bot import appraising, feature_page
    from bot.catalogue import entries_of, print_catalogue, to_dict
    from bot.exporting import write

    entries = entries_of(family)
    if not (coverage or token or measure):
        if markdown:
            write([feature_page.markdown()], out)
        elif as_json:
            _print_json([to_dict(entry) for entry in entries])
        else:
            print_catalogue(entries, Console())
        return
    period = appraising.period(_date(start) if start else None, _date(end) if end else None) if measure else None
    with bars(quiet=as_json) as progress:
        study = appraising.read_study(read_settings(database), archive, dt.datetime.now(dt.UTC).date(), progress)
    if period:
        write([appraising.measured(study, *period)], out)
        return
    shares = appraising.coverage(study, family, token)
    if as_json:
        _print_json(shares)
    else:
        appraising.print_coverage(shares, token or "the universe", Console())


@app.command(epilog=_example("crier verify --head '4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a'"))
def verify(
    head: Annotated[str | None, typer.Option(help="A head from any announcement: which entry is it?")] = None,
    journal: Annotated[Path | None, typer.Option(help="Check an exported journal instead of the database.")] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Recompute the journal's chain; name the first broken entry, or the entry behind a posted head."""
    from bot.verifying import verify_journal

    verdict = verify_journal(read_settings(database), head, journal)
    if as_json:
        _print_json({"ok": verdict.ok, "entries": verdict.entries, "head": verdict.head, "message": verdict.message})
    elif verdict.ok:
        typer.echo(verdict.message)
    if not verdict.ok:
        raise BrokenJournal(verdict.message)


@app.command(epilog=_example("crier export signals --format csv > signals.csv"))
def export(
    what: Annotated[str, typer.Argument(help="decisions, signals, levels or journal.")],
    form: Annotated[str, typer.Option("--format", help="csv or json (the journal: json lines alone).")] = "json",
    ledger: Annotated[str | None, typer.Option(help="live or replay (default: the one commands read from).")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write (default: standard output).")] = None,
    database: Database = None,
) -> None:
    """Write decisions, signals, levels or the journal for other programs."""
    from bot.exporting import export_to

    export_to(read_settings(database), what, form, ledger, out)


@app.command("admin-code", epilog=_example("crier admin-code"))
def admin_code(database: Database = None) -> None:
    """Print a code that makes whoever writes /claim CODE to the bot in private its admin: once, within a day."""
    from bot.services import open_services

    with open_services(read_settings(database)) as services:
        typer.echo(services.database.admins.new_code(dt.datetime.now(dt.UTC)))


@app.command(epilog=_example("crier forget telegram 123456789"))
def forget(platform: str, user: str, database: Database = None) -> None:
    """Delete who stands behind a pseudonym, and their claimed rights; the orders stay, and lead to nobody."""
    from bot.platforms.table import PLATFORMS
    from bot.services import open_services

    if platform not in (*PLATFORMS, CONSOLE):
        raise BadRequest(f"there is no platform {platform!r}: there are {', '.join(PLATFORMS)} and {CONSOLE}.")
    with open_services(read_settings(database)) as services:
        known = services.database.audit.forget(platform, user)
    said = "is forgotten: the pseudonym leads to nobody now." if known else "is not known here, nothing was changed."
    Console().print(f"{platform} user {user} {said}", markup=False, highlight=False)


@app.command(epilog=_example("crier web --port 8080"))
def web(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port (default: CRIER_WEB_PORT, or 8080).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: CRIER_WEB_HOST).")] = None,
    database: Database = None,
) -> None:
    """Serve the public page and API of a database alone, read-only, until Ctrl+C; no chat token is needed."""
    import asyncio

    from bot.web.server import PORT, listening

    settings = read_settings(database)
    asked = {"web_port": port or settings.web_port or PORT, "web_host": host or settings.web_host}

    async def run() -> None:
        async with listening(settings.model_copy(update=asked)) as found:
            typer.echo(f"The public page is served on {found.address}; Ctrl+C stops it.")
            await asyncio.Event().wait()

    asyncio.run(run())


app.registered_commands.extend(operator.app.registered_commands)
