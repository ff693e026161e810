"""The error tree: every error that Crier raises on purpose, and what the caller should do about it.

CrierError                  one clear sentence for a person; the command line prints it and exits 1
    |-- BadRequest              the person asked for something that does not exist: say it, suggest the nearest
    |   |-- UnknownIndex
    |   |-- UnknownToken
    |   `-- AmbiguousToken      several tokens answer to that name: show the candidates
    |-- BadData                 outside data cannot be used: refuse it, keep what we had
    |   |-- BadArchive          a folder or file of an archive is missing or malformed as a whole
    |   |-- NotEnoughData       history too short or too old for what was asked
    |   |-- SourceError         a live source cannot be used now: let another stand in, say so in the status
    |   |   |-- SourceUnavailable   it does not answer, or asks for patience: ask again at the next fetch
    |   |   |-- SourceRefused       permanent: it will answer the same way until a key, setting or program changes
    |   |   `-- SourceGarbled       it answered, but not as its documentation says: nothing of it was used
    |   |-- CrossCheckFailed    our indicators and the reference disagree: publish nothing, tell admins
    |   `-- TrainingFailed      a classifier did not converge: the last good signals stay, publish nothing, tell admins
    |-- BadConfiguration        a setting, theme or mode is wrong: name the entry and the bound
    |-- StorageError            the database cannot do what was asked; nothing was half-written
    |   |-- NewerDatabase       written by a newer Crier: upgrade the program
    |   |-- CannotWrite         path, permission or disk full: free space or choose another path
    |   `-- AlreadyDecided      that week stands in the ledger; nothing to do
    `-- BrokenJournal           the chain does not hold: stop announcing, show the entry
"""


class CrierError(Exception):
    """An error whose message is one sentence fit for a person, saying what to do next."""


class BadRequest(CrierError):
    """The person asked for something that does not exist."""


class UnknownIndex(BadRequest):
    """No index of that name."""


class UnknownToken(BadRequest):
    """No token of that name."""


class AmbiguousToken(BadRequest):
    """Several tokens answer to that name."""


class BadData(CrierError):
    """Outside data that cannot be used."""


class BadArchive(BadData):
    """An archive whose files are missing or malformed as a whole."""


class NotEnoughData(BadData):
    """History too short or too old for what was asked."""


class SourceError(BadData):
    """A live source that cannot be used; `permanent` where asking again later will not help."""

    permanent = False


class SourceUnavailable(SourceError):
    """A source that does not answer or asks for patience; `wait` is how many seconds it asked for, if it did."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class SourceRefused(SourceError):
    """A source that refuses what was asked, and will again."""

    permanent = True


class SourceGarbled(SourceError):
    """A source whose answer is not what its documentation says."""


class CrossCheckFailed(BadData):
    """Our indicators and the reference library disagree too often to publish."""


class TrainingFailed(BadData):
    """A classifier could not be fitted; what was said last stays, marked stale."""


class BadConfiguration(CrierError):
    """A setting, theme or mode that cannot be right."""


class StorageError(CrierError):
    """The database cannot do what was asked."""


class NewerDatabase(StorageError):
    """The database was written by a newer version."""


class CannotWrite(StorageError):
    """The path, a permission or the disk refuses."""


class AlreadyDecided(StorageError):
    """The week asked for already stands in the ledger."""


class BrokenJournal(CrierError):
    """The journal's chain does not hold."""
