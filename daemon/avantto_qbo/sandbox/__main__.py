"""`python -m avantto_qbo.sandbox [--only quickbooks|avantto] [--port N] [--seed N]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from avantto_qbo.sandbox.stage import run


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve; `--port` needs `--only`."""
    parser = argparse.ArgumentParser(prog="python -m avantto_qbo.sandbox", description=__doc__)
    parser.add_argument("--only", choices=("quickbooks", "avantto"))
    parser.add_argument("--port", type=int, default=0, help="port of the one service chosen with --only")
    parser.add_argument("--quickbooks-port", type=int, default=0)
    parser.add_argument("--avantto-port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.port and not options.only:
        parser.error("--port needs --only")
    ports = {"quickbooks": options.quickbooks_port, "avantto": options.avantto_port}
    if options.only and options.port:
        ports[options.only] = options.port
    run(ports["quickbooks"], ports["avantto"], options.only, options.seed)


if __name__ == "__main__":
    main()
