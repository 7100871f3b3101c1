"""All keepers of one daemon, one for each grant: whoever asks for a realm's or a location's tokens gets the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from avantto_qbo.actors.keeper import TokenKeeper
from avantto_qbo.actors.ports import Clock, Journal, TokenEndpoint
from avantto_qbo.errors import TransientError
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Provider


class Keepers:
    """Makes a grant's keeper when it is first asked for. One that is not used costs a row of a table."""

    def __init__(
        self,
        *,
        journal: Journal,
        sealer: Sealer,
        endpoints: Mapping[Provider, TokenEndpoint],
        clock: Clock,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._journal, self._sealer, self._endpoints, self._clock = journal, sealer, endpoints, clock
        self._count = count
        self._keepers: dict[tuple[Provider, str], TokenKeeper] = {}

    def of(self, provider: Provider, subject: str) -> TokenKeeper:
        """The one keeper of a grant."""
        if (provider, subject) not in self._keepers:
            self._keepers[provider, subject] = TokenKeeper(
                provider,
                subject,
                journal=self._journal,
                sealer=self._sealer,
                endpoint=self._endpoints[provider],
                clock=self._clock,
                count=self._count,
            )
        return self._keepers[provider, subject]

    async def save(self) -> bool:
        """Store the tokens that could not be stored when they came; False when some still cannot."""
        saved = True
        for keeper in list(self._keepers.values()):
            try:
                await keeper.save()
            except TransientError:
                saved = False
        return saved
