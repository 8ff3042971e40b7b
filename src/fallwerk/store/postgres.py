"""
PostgreSQL: a pool of connections in the database's own threads, any number of processes.

Calls of one kind that wait at the same time go through one thread that commits them together, as SQLite's writer does;
everything else is a transaction of its own.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.kit import tracing
from fallwerk.kit.clock import monotonic_s
from fallwerk.store import arrays
from fallwerk.store.all_tables import metadata
from fallwerk.store.database import Database, Done, Item, Job, ManyWork, T, Work, refuse_overload, run_many
from fallwerk.store.patience import Patience
from fallwerk.store.rows import send
from fallwerk.store.unit import StoreContext, Unit

log = structlog.get_logger()

MAX_GROUP: Final = 128
QUIET_S: Final = 0.001
"""A batch goes once nobody has joined it for so long: who was answered by the last one is asking again just then."""
GATHER_S: Final = 0.004
"""How long a batch waits for more at the most."""
GROUPS: Final = 6
"""Connections beyond the pool's threads: one per kind of calls that are gathered, one for migrations and checks."""
TRIES: Final = 4
"""How often a transaction is repeated that lost a deadlock, or a connection before it reached its commit."""
CHECK_S: Final = 5.0
LIFE_S: Final = 2
"""How long a server may take for a new connection before it passes for stopped."""
LOCK_MS: Final = 5_000
"""How long a statement waits for somebody else's lock."""
FAILURES: Final = (DBAPIError, psycopg.Error)
REPEATABLE: Final = frozenset({"40001", "40P01"})
ERASED_TABLES: Final = (*(table.name for table in metadata.sorted_tables if "case_id" in table.columns), "blob")
"""Tables whose rows go with a case (D-50)."""


arrays.register()


def engine_for(url: str, *, pool_size: int) -> Engine:
    """Make a pooled engine for a `postgresql://` address; a server that is away is noticed within seconds."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": 3,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
            "application_name": "fallwerk",
            # The address's own options win.
            "options": address.query.get("options", f"-c lock_timeout={LOCK_MS}"),
            "prepare_threshold": 3,
        },
    )


class PostgresDatabase(Database):
    """
    The engine for several processes.

    Args:
        url: `postgresql://user:password@host:port/name`.
        pool_size: Connections, and threads that use them.
    """

    def __init__(self, url: str, context: StoreContext, *, pool_size: int = 8) -> None:
        super().__init__(context)
        self._engine = engine_for(url, pool_size=pool_size + GROUPS)
        # The driver says both with its BEGIN: no statement, and no wait, of its own.
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._threads = ThreadPoolExecutor(pool_size, "postgres")
        self._groups: dict[ManyWork[Any, Any], Group] = {}
        self._patience = Patience(lambda: _lives(self._engine))
        self._closed = True

    async def start(self) -> None:
        """Connect once, so that a wrong address shows at start."""
        await self.read(lambda unit: unit.execute(text("SELECT 1")))
        self._closed = False

    async def stop(self) -> None:
        """Finish waiting transactions and close the pool."""
        self._closed = True
        for group in self._groups.values():
            await asyncio.to_thread(group.stop)
        self._threads.shutdown(wait=True)
        self._engine.dispose()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction of its own; a lost deadlock is repeated."""
        with tracing.below("store", verb="write"):
            return await self._in_thread(self._write, work, tracing.here())

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a read-only transaction with one snapshot."""
        with tracing.below("store", verb="read"):
            return await self._in_thread(self._read, work)

    async def _in_thread(self, run: Callable[..., T], *arguments: object) -> T:
        try:
            return await self._patience.wait(asyncio.get_running_loop().run_in_executor(self._threads, run, *arguments))
        except StoreUnavailable as error:
            log.warning("store.call_failed", reason=str(error))
            raise

    async def write_together(self, many: ManyWork[Item, T], item: Item) -> T:
        """Run `many` over the items that wait at the same time, in one transaction."""
        if self._closed:
            msg = "the database is closed"
            raise StoreUnavailable(msg)
        group = self._groups.get(many)
        if group is None:
            group = self._groups[many] = Group(many.__name__, self._run_group, self._patience)
        with tracing.below("store", verb="write_together"):
            return await group.add(many, item)  # type: ignore[no-any-return]

    async def check(self) -> bool:
        """Write for real."""
        try:
            async with asyncio.timeout(CHECK_S):
                await self.write(_probe)
        except (StoreUnavailable, TimeoutError):
            return False
        return not self._volume_failed_lately()

    async def compact(self) -> None:
        """Rewrite the tables that held erased rows, so that their freed pages are gone with the old files."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._compact)

    def _compact(self) -> None:
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for name in ERASED_TABLES:
                    table = metadata.tables[name]
                    connection.execute(text(f"VACUUM (FULL) {table.name}"))
                self._switch_log(connection)
        except DBAPIError as error:
            raise StoreUnavailable(str(error.orig)) from error

    @staticmethod
    def _switch_log(connection: Connection) -> None:
        """Start a new log segment, so that the server can drop the old ones; needs the role's right to do so."""
        for statement in ("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"):
            try:
                connection.execute(text(statement))
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != "42501":
                    raise
                log.info("store.log_not_switched", reason="the database role may not; see docs/operations.md")
                return

    def _read(self, work: Work[T]) -> T:
        for attempt in range(TRIES):
            try:
                with self._snapshots.connect() as connection:
                    # What goes through the driver alone begins no transaction that SQLAlchemy would know of.
                    connection.begin()
                    return work(Unit(connection, self.context))
            except FAILURES as error:
                if _is_repeatable(error) and attempt + 1 < TRIES:
                    continue
                if _is_our_mistake(error):
                    raise
                raise StoreUnavailable(_reason(error)) from error
        raise StoreUnavailable

    def _write(self, work: Work[T], trace: object) -> T:
        unit, result = self._transact(work, [trace])
        unit.committed()
        return result

    def _transact(self, work: Work[T], traces: Sequence[object]) -> tuple[Unit, T]:
        """Run and commit; what fails before the commit is repeated where that is safe, a failing commit never is."""
        for attempt in range(TRIES):
            try:
                self._refill_ids()
                with self._engine.connect() as connection:
                    # What goes through the driver alone begins no transaction that `commit` would know of.
                    connection.begin()
                    unit = Unit(connection, self.context)
                    result = work(unit)
                    with tracing.each("commit", traces, transactions=len(traces)):
                        self._commit(connection, unit)
                    return unit, result
            except FAILURES as error:
                if _is_repeatable(error) and attempt + 1 < TRIES:
                    continue
                if _is_our_mistake(error):
                    raise
                if _is_volume_fault(error):
                    self._note_volume_failure()
                raise StoreUnavailable(_reason(error)) from error
        raise StoreUnavailable

    @staticmethod
    def _commit(connection: Connection, unit: Unit) -> None:
        try:
            if unit.unsent:
                send(unit, commit=True)
            connection.commit()
        except FAILURES as error:
            if _state(error):
                # The server says what is wrong with a statement or with the commit: it has not committed.
                raise
            # Nobody knows whether the server still committed: repeating could do the work twice.
            raise StoreUnavailable(_reason(error)) from error

    def _refill_ids(self) -> None:
        if self.context.ids.low():
            with self._engine.begin() as connection:
                self.context.ids.refill(connection)

    def _run_group(self, jobs: Sequence[Job]) -> list[tuple[Job, Any, BaseException | None]]:
        try:
            unit, outcomes = self._transact(lambda unit: run_many(unit, jobs), [job.trace for job in jobs])
        except StoreUnavailable as error:
            log.warning("store.group_failed", reason=str(error), transactions=len(jobs))
            return [(job, None, error) for job in jobs]
        except (DomainError, *FAILURES, ValueError, TypeError) as error:
            if len(jobs) == 1:
                return [(jobs[0], None, error)]
            # One bad item must not fail its neighbours: each gets its own try.
            return [found for job in jobs for found in self._run_group([job])]
        except BaseException as error:  # noqa: BLE001 - the thread serves every later call and must outlive this one
            return [(job, None, error) for job in jobs]
        unit.committed()
        return outcomes


class Group:
    """
    Calls of one kind: a thread that takes what waits and commits it together.

    Each kind has its own, so that a long batch of timers never holds up the callers who start cases.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Job]], list[tuple[Job, Any, BaseException | None]]],
        patience: Patience,
    ) -> None:
        self._run = run
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"postgres-{name}", daemon=True)
        self._thread.start()

    async def add(self, many: ManyWork[Any, Any], item: object) -> Any:  # noqa: ANN401 - the caller's type says
        """Put an item into the next batch and wait for its outcome."""
        refuse_overload(self._queue.qsize())
        job = Job(self._loop.create_future(), many=many, item=item)
        self._queue.put(job)
        return await self._patience.wait(job.future)

    def stop(self) -> None:
        """Finish what waits."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            taken = [self._queue.get()]
            until_s = monotonic_s() + GATHER_S
            while taken[-1] is not None and len(taken) < MAX_GROUP:
                try:
                    taken.append(self._queue.get(timeout=max(0.0, min(QUIET_S, until_s - monotonic_s()))))
                except queue.Empty:
                    break
            # Who was told already that the store does not answer should not find the work done after all.
            jobs = [job for job in taken if job is not None and not job.future.cancelled()]
            if jobs:
                self._deliver(self._run(jobs))
            if None in taken:
                return

    def _deliver(self, outcomes: list[tuple[Job, Any, BaseException | None]]) -> None:
        done = Done([(job.future, result, error) for job, result, error in outcomes])
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(done.deliver)


def _lives(engine: Engine) -> bool:
    """Ask for a connection beside the pool, which may be used up: a stopped server never completes one."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        psycopg.connect(address, connect_timeout=LIFE_S, application_name="fallwerk-watch").close()
    except psycopg.Error:
        return False
    return True


def _probe(unit: Unit) -> None:
    """Write a row, and look at the cases, which somebody may have locked."""
    unit.execute(_PROBE)
    unit.execute(_LOOK)


def _origin(error: Exception) -> Exception:
    """Return the driver's error; statements of the hot path go past the layer that wraps it."""
    if isinstance(error, psycopg.errors.PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        # Statements that were sent together: this one was not done because of that one.
        return error.__context__
    return error.orig if isinstance(error, DBAPIError) and isinstance(error.orig, Exception) else error


def _reason(error: Exception) -> str:
    return str(_origin(error))


def _state(error: Exception) -> str | None:
    """Return the server's code of an error that it reported."""
    found: str | None = getattr(_origin(error), "sqlstate", None)
    return found


def _is_repeatable(error: Exception) -> bool:
    """Tell a lost deadlock or connection; the server had not been asked to commit yet."""
    origin = _origin(error)
    state = _state(error)
    lost = isinstance(origin, psycopg.OperationalError) and state is None
    return lost or state in REPEATABLE or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _is_volume_fault(error: Exception) -> bool:
    """Tell a full or broken volume: insufficient resources, system errors, files that may not grow."""
    state = _state(error) or ""
    return state[:2] in {"53", "54", "58", "XX"}


def _is_our_mistake(error: Exception) -> bool:
    """Tell a wrong statement or a constraint from a server that cannot serve."""
    state = _state(error) or ""
    return state[:2] in {"22", "23", "42"}


_PROBE: Final = text("UPDATE id_block SET next_id = next_id WHERE name = 'row'")
_LOOK: Final = text("SELECT 1 FROM ident_case LIMIT 1")
