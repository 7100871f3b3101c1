"""One run of the daemon: all of `app.Daemon` but its sockets, between `start` and the moment it is killed."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from avantto_qbo import config as configuration
from avantto_qbo.app import Daemon
from avantto_qbo.config import Config
from avantto_qbo.sandbox.avantto import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from avantto_qbo.sandbox.quickbooks.service import CLIENT_ID, CLIENT_SECRET
from avantto_qbo.secrets import Secrets
from avantto_qbo.service.connecting import Connecting
from avantto_qbo.service.intake import WebhookIntake
from avantto_qbo.service.operator import Operator
from simulation.clock import DaemonClock
from simulation.disk import Disk, Drive
from simulation.loop import Life, SeededLoop
from simulation.network import Line, Network

KEY: Final = bytes(range(32))
SECRETS: Final = Secrets(DEFAULT_CLIENT_SECRET, CLIENT_SECRET, "sandbox-verifier", KEY)


def config_of(pem: Path, **sections: Any) -> Config:
    """The configuration of a daemon between the two stand-ins."""
    return Config(
        avantto=configuration.Avantto(
            DEFAULT_CLIENT_ID,
            api_url="https://avantto.test",
            authorize_url="https://avantto.test/v2/oauth/chooselocation",
            token_url="https://avantto.test/oauth/token",
            webhook_keys=(str(pem),),
        ),
        quickbooks=configuration.QuickBooks(
            CLIENT_ID,
            api_url="https://quickbooks.test",
            authorize_url="https://quickbooks.test/connect/oauth2",
            token_url="https://quickbooks.test/oauth2/v1/tokens/bearer",
            revoke_url="https://quickbooks.test/v2/oauth2/tokens/revoke",
        ),
        **sections,
    )


class Ids:
    """Ids that count, across all runs."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        """The next."""
        self._last += 1
        return f"op{self._last:06d}"


class Run:
    """A process. `boot` makes its objects and lets it recover and work; `kill` ends it between two steps."""

    def __init__(
        self,
        loop: SeededLoop,
        *,
        config: Config,
        clock: DaemonClock,
        disk: Disk,
        network: Network,
        ids: Ids,
        rng: random.Random,
        on_exit: Callable[[BaseException], object],
    ) -> None:
        self.life, self._on_exit = Life(), on_exit
        self._loop, self._context = loop, self.life.context()
        self.listens = False
        drive, line = Drive(disk, self.life, loop), Line(network, self.life)
        self.daemon = Daemon(config, SECRETS, clock, drive, line, ids=ids, rng=rng)

    @property
    def intake(self) -> WebhookIntake:
        """Where webhooks come in."""
        return self.daemon._intake

    @property
    def operator(self) -> Operator:
        """What an operator can ask and decide."""
        return self.daemon._operator

    @property
    def connecting(self) -> Connecting:
        """Where locations are connected."""
        return self.daemon._operator.connect.__self__._connecting  # type: ignore[attr-defined,no-any-return]

    def boot(self) -> None:
        """Start the process."""
        self.spawn(self._main())

    async def _main(self) -> None:
        """As `app.run`; what escapes from it ends the process, and the service manager starts another."""
        try:
            await self.daemon.recover()
            self.listens = True
            await self.daemon.supervisor.run()
        except Exception as error:  # noqa: BLE001 - the process ends here
            if self.life.alive:
                self._on_exit(_innermost(error))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Begin `work` as a task of this process."""
        return self._loop.create_task(work, context=self.life.context())

    def kill(self) -> None:
        """Kill -9."""
        self.life.end()
        self.listens = False


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error
