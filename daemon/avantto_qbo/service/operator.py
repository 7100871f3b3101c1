"""Everything the unix socket offers: each question and each decision with the desk that deals with it."""

from __future__ import annotations

from collections.abc import Callable

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.service.answers import Answers
from avantto_qbo.service.backups import BackupDesk, Copy, no_copy
from avantto_qbo.service.browser import Browser
from avantto_qbo.service.canary import CanaryDesk
from avantto_qbo.service.connecting import Connecting
from avantto_qbo.service.decisions import Decisions
from avantto_qbo.service.doctor import Doctor
from avantto_qbo.service.explaining import Explaining
from avantto_qbo.service.keys import KeyDesk
from avantto_qbo.service.mapping import MappingDesk
from avantto_qbo.service.reconciling import ReconcilingDesk
from avantto_qbo.service.reviews import ReviewDesk
from avantto_qbo.service.settings import SettingsDesk


class Operator:
    """The status API's service, see `server.ports.Service`. `look_again` wakes the scheduler."""

    def __init__(
        self,
        house: House,
        directory: Directory,
        connecting: Connecting,
        browser: Browser,
        keys: KeyDesk,
        *,
        look_again: Callable[[], None],
        monthly_reads: int,
        copy: Copy = no_copy,
        journal_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        answers = Answers(house, monthly_reads=monthly_reads)
        self.status, self.locations, self.show = answers.status, answers.locations, answers.show
        self.activity, self.attention = answers.activity, answers.attention
        self.reviews = ReviewDesk(house).reviews
        self.explain = Explaining(house, directory).explain
        self.doctor = Doctor(house, monthly_reads=monthly_reads, journal_bytes=journal_bytes).doctor
        self.canary = CanaryDesk(house, directory, look_again=look_again).start
        self.reconcile = ReconcilingDesk(house, directory).reconcile

        settings, mapping = SettingsDesk(house, directory), MappingDesk(house, directory)
        self.settings, self.set_settings = settings.settings, settings.set_settings
        self.mapping, self.set_mapping = mapping.mapping, mapping.set_mapping

        decisions = Decisions(house, directory, connecting, look_again=look_again)
        self.sync, self.retry, self.skip = decisions.sync, decisions.retry, decisions.skip
        self.pause, self.resume = decisions.pause, decisions.resume
        self.connect, self.disconnect = decisions.connect, decisions.disconnect
        self.connect_link = browser.link
        self.rotate_key = keys.rotate
        self.backup = BackupDesk(house, copy).backup
