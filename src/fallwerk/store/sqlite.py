"""
SQLite: one writer thread with group commit, a small pool of readers.

Transactions that wait at the same time run as savepoints in one commit, so that 32 callers share one flush to disk. One
process writes; a second one is refused at start, since two writers would make each other wait for seconds.
"""

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit import tracing
from fallwerk.store.database import (
    CLOSED,
    Database,
    Done,
    Item,
    Job,
    ManyWork,
    T,
    Work,
    refuse_all,
    refuse_overload,
    run_many,
)
from fallwerk.store.unit import StoreContext, Unit

log = structlog.get_logger()

MAX_GROUP: Final = 256
"""Transactions in one commit at most; more would make the first of them wait too long."""
BUSY_MS: Final = 2_000
CHECKPOINT_PAGES: Final = 4_000


class WriterHeld(StoreUnavailable):
    """Another process writes this database."""


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """Open a connection with the settings that durability and secure deletion need; a new file is its owner's alone."""
    if not readonly:
        # SQLite gives a database's log and index its own mode. Never open an existing file here: closing it would let
        # go the locks that SQLite holds in this process. What is wrong with the path SQLite says itself.
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-16000",
        f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        f"query_only={'ON' if readonly else 'OFF'}",
    ):
        raw.execute(f"PRAGMA {pragma}")
    return raw


class WriterLock:
    """The right to write a SQLite database; the kernel takes it back when its holder dies."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".writer")
        self._descriptor: int | None = None

    def take(self) -> None:
        """
        Take the lock or say who is in the way.

        Raises:
            WriterHeld: another process has it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            msg = (
                f"another Fallwerk process writes {self._path.with_suffix('')}; SQLite takes one writing process. "
                "Stop it, or use PostgreSQL (DATABASE_URL) for several."
            )
            raise WriterHeld(msg) from None
        self._descriptor = descriptor

    def give_back(self) -> None:
        """Let another process write."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class SqliteDatabase(Database):
    """
    The embedded engine.

    Args:
        path: The database file; `-wal` and `-shm` stand beside it.
        readers: Threads that read at the same time.
    """

    def __init__(self, path: Path, context: StoreContext, *, readers: int = 2) -> None:
        super().__init__(context)
        self._path = path
        self._lock = WriterLock(path)
        self._turn = threading.Lock()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._readers = readers
        self._reader_threads = ThreadPoolExecutor(readers, "sqlite-read")
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._writer: Connection | None = None
        self._read_engine: Engine | None = None

    async def start(self) -> None:
        """Take the writer's lock, open the connections, start the writer thread."""
        self._lock.take()
        self._loop = asyncio.get_running_loop()
        try:
            write_engine = create_engine(
                "sqlite://", creator=lambda: connect(self._path), poolclass=StaticPool, isolation_level="AUTOCOMMIT"
            )
            self._writer = write_engine.connect()
            self._read_engine = create_engine(
                "sqlite://",
                creator=lambda: connect(self._path, readonly=True),
                poolclass=QueuePool,
                pool_size=self._readers,
                isolation_level="AUTOCOMMIT",
            )
        except (sqlite3.Error, DBAPIError) as error:
            self._lock.give_back()
            raise StoreUnavailable(str(error)) from error
        self._thread = threading.Thread(target=self._write_loop, name="sqlite-write", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finish waiting transactions, truncate the write-ahead log, close."""
        self._closing = True
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
            refuse_all(self._queue).deliver()
        self._reader_threads.shutdown(wait=True)
        if self._writer is not None:
            # Closed behind the pool's back, the connection would be reset by the garbage collector and fail there.
            engine = self._writer.engine
            self._writer.close()
            engine.dispose()
            self._writer = None
        if self._read_engine is not None:
            self._read_engine.dispose()
        self._lock.give_back()

    async def write(self, work: Work[T]) -> T:
        """Run `work` as a savepoint of the next group commit."""
        with tracing.below("store", verb="write"):
            return await self._enqueue(Job(self._new_future(), work=work))  # type: ignore[no-any-return]

    async def write_together(self, many: ManyWork[Item, T], item: Item) -> T:
        """Run `many` over all its items of the next group commit."""
        with tracing.below("store", verb="write_together"):
            return await self._enqueue(Job(self._new_future(), many=many, item=item))  # type: ignore[no-any-return]

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a reader's snapshot."""
        with tracing.below("store", verb="read"):
            return await asyncio.get_running_loop().run_in_executor(self._reader_threads, self._read, work)

    async def check(self) -> bool:
        """Write for real: a full volume or a held lock shows in a write only."""
        try:
            await self.write(lambda unit: unit.connection.exec_driver_sql(_PROBE))
        except StoreUnavailable:
            return False
        return not self._volume_failed_lately()

    async def compact(self) -> None:
        """Rewrite the file and cut the log, so that nothing of erased rows is left in either."""
        await self.write(lambda _: None)
        await asyncio.get_running_loop().run_in_executor(self._reader_threads, self._truncate_log)

    def _truncate_log(self) -> None:
        # The writer waits its turn: to its own clients the database must not look locked for as long as this takes.
        with self._turn:
            self._rewrite()

    def _rewrite(self) -> None:
        raw = connect(self._path)
        try:
            # The copy of a large database has no place in memory.
            raw.execute("PRAGMA temp_store=FILE")
            # Cells that a full page gave to its neighbour stay behind in it, which secure_delete does not zero.
            raw.execute("VACUUM")
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                msg = "the log could not be cut: somebody reads an older state"
                raise StoreUnavailable(msg)
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error
        finally:
            raw.close()

    def _new_future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    async def _enqueue(self, job: Job) -> Any:  # noqa: ANN401 - the callers' types say what comes back
        if self._thread is None or self._closing or not self._thread.is_alive():
            raise StoreUnavailable(CLOSED)
        refuse_overload(self._queue.qsize())
        self._queue.put(job)
        return await job.future

    @property
    def _raw(self) -> sqlite3.Connection:
        if self._writer is None:
            raise StoreUnavailable(CLOSED)
        return self._writer.connection.driver_connection  # type: ignore[return-value]

    def _read(self, work: Work[T]) -> T:
        if self._read_engine is None:
            raise StoreUnavailable(CLOSED)
        try:
            with self._read_engine.connect() as connection:
                raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
                raw.execute("BEGIN")
                try:
                    return work(Unit(connection, self.context))
                finally:
                    raw.execute("ROLLBACK")
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            raise StoreUnavailable(str(error)) from error
        except DBAPIError as error:
            raise StoreUnavailable(str(error.orig)) from error

    def _write_loop(self) -> None:
        while True:
            first = self._queue.get()
            group, last = self._collect(first)
            if group:
                with self._turn:
                    self._commit_group(group)
            if last:
                return

    def _collect(self, first: Job | None) -> tuple[list[Job], bool]:
        """Take what waits; the mark that ends the thread is honoured after everything before it."""
        if first is None:
            return [], True
        group = [first]
        while len(group) < MAX_GROUP:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit_group(self, group: Sequence[Job]) -> None:
        units: list[Unit] = []
        outcomes: list[tuple[Job, Any, BaseException | None]]
        try:
            self._refill_ids()
            with self._transaction(group):
                outcomes = self._run_group(group, units)
        except (sqlite3.Error, DBAPIError, StoreUnavailable) as error:
            # One flush carries the whole group: if it fails, nothing of the group is kept and nobody is told otherwise.
            reason = str(error.orig if isinstance(error, DBAPIError) else error)
            log.warning("store.group_failed", reason=reason, transactions=len(group))
            if _is_volume_fault(error):
                self._note_volume_failure()
            outcomes = [(job, None, StoreUnavailable(reason)) for job in group]
            units.clear()
        except BaseException as error:  # noqa: BLE001 - the thread serves every later call and must outlive this one
            outcomes = [(job, None, error) for job in group]
            units.clear()
        self._tell(units)
        self._deliver(outcomes)

    @staticmethod
    def _tell(units: Sequence[Unit]) -> None:
        """Tell the process what was committed; a hook that fails must not make the commit look failed."""
        for unit in units:
            try:
                unit.committed()
            except Exception:
                log.exception("store.hook_failed")

    def _deliver(self, outcomes: list[tuple[Job, Any, BaseException | None]]) -> None:
        done = Done([(job.future, result, error) for job, result, error in outcomes])
        # The loop may be closed by an interpreter that is ending: nobody waits any more.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(done.deliver)

    def _refill_ids(self) -> None:
        if self.context.ids.low() and self._writer is not None:
            with self._transaction():
                self.context.ids.refill(self._writer)

    @contextmanager
    def _transaction(self, group: Sequence[Job] = ()) -> Iterator[None]:
        raw = self._raw
        if raw.in_transaction:
            # A rollback failed before, as it can on a broken volume; nothing could begin until it succeeds.
            raw.execute("ROLLBACK")
        raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            with tracing.each("commit", (job.trace for job in group), transactions=len(group)):
                raw.execute("COMMIT")
        except BaseException:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raise

    def _run_group(self, group: Sequence[Job], units: list[Unit]) -> list[tuple[Job, Any, BaseException | None]]:
        outcomes = []
        batches: dict[ManyWork[Any, Any], list[Job]] = {}
        for job in group:
            if job.many is not None:
                batches.setdefault(job.many, []).append(job)
            else:
                outcomes.append(self._run_single(job, units))
        for jobs in batches.values():
            outcomes.extend(self._run_batch(jobs, units))
        return outcomes

    def _run_single(self, job: Job, units: list[Unit]) -> tuple[Job, Any, BaseException | None]:
        if job.work is None or self._writer is None:
            msg = "a job without work"
            raise TypeError(msg)
        unit = Unit(self._writer, self.context)
        with _savepoint(self._raw) as outcome:
            outcome.result = job.work(unit)
        if outcome.error is None:
            units.append(unit)
        return job, outcome.result, outcome.error

    def _run_batch(self, jobs: Sequence[Job], units: list[Unit]) -> Sequence[tuple[Job, Any, BaseException | None]]:
        if self._writer is None:
            raise StoreUnavailable(CLOSED)
        unit = Unit(self._writer, self.context)
        with _savepoint(self._raw) as outcome:
            outcome.result = run_many(unit, jobs)
        if outcome.error is None:
            units.append(unit)
            return outcome.result  # type: ignore[no-any-return]
        if len(jobs) == 1:
            return [(jobs[0], None, outcome.error)]
        # One bad item must not fail its neighbours: each gets its own try.
        return [found for job in jobs for found in self._run_batch([job], units)]


class _Outcome:
    """Result or error of a savepoint."""

    def __init__(self) -> None:
        self.result: Any = None
        self.error: Exception | None = None


@contextmanager
def _savepoint(raw: sqlite3.Connection) -> Iterator[_Outcome]:
    """
    Run a block so that its failure undoes its own changes only.

    An error after which SQLite has rolled back everything (disk full, input/output) is passed on: the group is lost.
    """
    outcome = _Outcome()
    raw.execute("SAVEPOINT one")
    try:
        yield outcome
    except Exception as error:
        if not raw.in_transaction or _is_volume_fault(error):
            raise
        raw.execute("ROLLBACK TO one")
        outcome.error = error
    raw.execute("RELEASE one")


def _is_volume_fault(error: Exception) -> bool:
    origin = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(origin, sqlite3.Error):
        return False
    code = getattr(origin, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY)


_PROBE: Final = "UPDATE id_block SET next_id = next_id WHERE name = 'row'"
