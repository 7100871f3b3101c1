"""The public listener: webhooks, the OAuth pages and liveness; nothing else."""

from __future__ import annotations

from aiohttp import web

from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Provider
from avantto_qbo.server.bodies import Room
from avantto_qbo.server.browser import BrowserDoor
from avantto_qbo.server.limits import MOST_BODIES, Limits
from avantto_qbo.server.ports import BrowserFlow, Intake
from avantto_qbo.server.webhooks import WebhookDoor


def public_app(
    intake: Intake, flow: BrowserFlow, metrics: Metrics, *, public_url: str, limits: Limits | None = None
) -> web.Application:
    """Return the application of the public listener."""
    limits = limits or Limits()
    app = web.Application(client_max_size=limits.body_bytes)
    room = Room(MOST_BODIES)
    for provider in Provider:
        app.router.add_post(f"/webhooks/{provider}", WebhookDoor(provider, intake, limits, metrics, room).answer)
    browser = BrowserDoor(flow, secure=public_url.startswith("https:"))
    # Without HEAD: link previews and mail scanners must not use up a single-use link.
    app.router.add_get("/connect/{token}", browser.connect, allow_head=False)
    app.router.add_get("/oauth/avantto/callback", browser.avantto, allow_head=False)
    app.router.add_get("/oauth/quickbooks/callback", browser.quickbooks, allow_head=False)
    app.router.add_get("/livez", _alive)
    return app


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
