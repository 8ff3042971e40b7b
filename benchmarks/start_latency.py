"""p99 ÷ p50 of start-case at 80 % of its maximum rate: open loop, latency from the instant a request was due."""

from harness import ENGINES, Figure, Load, main, median, note, served, start_templates

SHARE = 0.8


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [_engine(engine, quick=quick) for engine in ENGINES]


def _engine(engine: str, *, quick: bool) -> Figure:
    rounds, seconds = (3, 5) if quick else (5, 15)
    with served(engine) as system:
        load = Load(system.server.port, start_templates(system.open_accounts(), system.server.port))
        load.run(seconds=1.5)
        runs = []
        for number in range(rounds):
            # The maximum is measured anew just before each run, since a shared machine's own maximum moves.
            maximum = median([load.run(seconds=2)["rate"] for _ in range(3)])
            runs.append(load.run(rate=maximum * SHARE, seconds=seconds))
            p50, p99 = runs[-1]["p50_ms"], runs[-1]["p99_ms"]
            note(f"{engine} round {number + 1}: {maximum * SHARE:.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        load.require_only("201")
    middle = sorted(runs, key=lambda run: run["p99_ms"] / run["p50_ms"])[len(runs) // 2]
    detail = f"at {middle['rate']:.0f}/s: p50 {middle['p50_ms']:.1f} ms, p99 {middle['p99_ms']:.1f} ms"
    ratio = middle["p99_ms"] / middle["p50_ms"]
    return Figure("p99 ÷ p50 of start-case at 80 % of its maximum", engine, ratio, "", 6, at_least=False, detail=detail)


if __name__ == "__main__":
    main(measure)
