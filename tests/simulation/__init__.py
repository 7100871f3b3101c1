"""A deterministic simulation of the whole daemon: one seed is one story, told the same way every time.

The real `app.Daemon` (supervisor, pollers, actors, rules, wire modules, webhook intake, the journal's SQL) runs between
the two stand-in vendors on a seeded event loop. Its process is killed at any await, its requests are lost before and
after they are carried out, people sell and meddle meanwhile, and after every event somebody looks whether what must
hold still holds. Nothing here waits: a weekend passes in some tenths of a second.

    python -m simulation --seeds 1000          from `tests/`, or: make simulate SEEDS=1000
    python -m simulation --seed 123            one seed, with its story

Who is who: `loop` and `clock` are time, `disk` and `network` what a process can reach, `run` a process, `crashes` its
ends, `weather` and `errands` what goes wrong (`replica`: old answers; `rollback`: tokens that a vendor forgets),
`people` what is done: `selling` at the `shops`, `bookkeeping` at the books. `post` brings the webhooks; `watch` looks
at what must hold at every event (`marks` tell whose a document is, `succession` what came when, `once` what came twice,
`door` what became of webhooks answered with 200, `backwards` whether anything known became older, `reconnects` whether
an owner is asked without need), `rest`, `reckon` and `asked` at what must hold at rest. `opening` is the plan of a
seed, `story` what happens, `trace` what was seen of it, `world` all of it together, `outcome` what became of it;
`seeds` plays one, `report` many.

A planted bug is a function that returns a context manager; while it is entered, production code is broken on purpose:

    def blind_retry() -> AbstractContextManager[object]:
        return patch.object(performer, "judge", judge_that_resends)

    outcome = run_seed(7, pem_file(), Options(bugs=(blind_retry,)))
    outcome.violation      # "" when nobody noticed, else one plain sentence

`report.first_failure(bug, seeds)` plays seeds until somebody notices and returns that outcome, or None. A bug must not
keep anything between seeds, nor draw from chance of its own: the same seed must tell the same story with it, too. Where
only some seeds could notice it, `Options` narrows them: `requestid` forces the knob of every company.
"""
