"""Start-case rate ÷ the rate of a bare ASGI application with the same schema code, in alternating rounds."""

from contextlib import ExitStack

from harness import CONCURRENCY, ENGINES, Account, Figure, Load, System, bare, main, median, note, receiver, served
from harness import start_templates as templates

TARGETS = {"SQLite": 0.25, "PostgreSQL": 0.30}
NOBODY = Account("1234ABCD", "nobody", "nothing", "")


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure both engines against the limit."""
    rounds, seconds = (3, 2) if quick else (9, 4)
    with ExitStack() as stack:
        ceiling = _ceiling(seconds)
        port = stack.enter_context(bare())
        loads = {"bare": Load(port, templates([NOBODY], port))}
        systems: dict[str, System] = {}
        for engine in ENGINES:
            system = systems[engine] = stack.enter_context(served(engine))
            loads[engine] = Load(system.server.port, templates(system.open_accounts(), system.server.port))
        for load in loads.values():
            load.run(seconds=1.5)
        rates: dict[str, list[float]] = {name: [] for name in loads}
        for number in range(rounds):
            for name, load in loads.items():
                rates[name].append(load.run(seconds=seconds)["rate"])
            note(f"round {number + 1}: " + ", ".join(f"{name} {found[-1]:.0f}/s" for name, found in rates.items()))
        loads["bare"].require_only("201")
        return [_figure(engine, rates, loads[engine], systems[engine], ceiling) for engine in ENGINES]


def _ceiling(seconds: float) -> float:
    """What the load generator itself can do against a server that only counts bytes."""
    with receiver() as (port, _):
        return float(Load(port, templates([NOBODY], port)).run(seconds=seconds)["rate"])


def _figure(engine: str, rates: dict[str, list[float]], load: Load, system: System, ceiling: float) -> Figure:
    # Each round's two rates were measured seconds apart; the machine drifts more than that within minutes.
    ratio = median([mine / limit for mine, limit in zip(rates[engine], rates["bare"], strict=True)])
    answered = check_rows(system, load)
    detail = (
        f"{median(rates[engine]):.0f}/s against {median(rates['bare']):.0f}/s bare at concurrency {CONCURRENCY};"
        f" {answered} answers = cases = audit events = outbox rows; generator's ceiling {ceiling:.0f}/s"
    )
    return Figure("start-case rate ÷ bare ASGI rate", engine, ratio, "", TARGETS[engine], at_least=True, detail=detail)


def check_rows(system: System, load: Load) -> int:
    """Return the number of 201 answers; cases, audit events and outbox rows must be exactly as many."""
    answered = load.require_only("201")
    found = (
        system.count("ident_case"),
        system.count("audit_event", "action = 'case.started'"),
        system.count("due_work", "kind = 'expire'"),
    )
    if set(found) != {answered}:
        raise RuntimeError(f"{answered} answers, but cases, audit events and outbox rows are {found}")
    return answered


if __name__ == "__main__":
    main(measure)
