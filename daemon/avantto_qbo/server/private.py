"""The private listener: readiness, metrics and the index page."""

from __future__ import annotations

import msgspec
from aiohttp import web

from avantto_qbo import __version__
from avantto_qbo.metrics import CONTENT_TYPE, Metrics
from avantto_qbo.server.pages import page, table
from avantto_qbo.server.ports import Health


def private_app(health: Health, metrics: Metrics) -> web.Application:
    """Return the application of the private listener."""

    async def readyz(_: web.Request) -> web.Response:
        readiness = health.readiness()
        body = msgspec.json.encode(readiness)
        return web.Response(status=200 if readiness.ready else 503, body=body, content_type="application/json")

    async def exposition(_: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def index(_: web.Request) -> web.Response:
        links = '<p><a href="/readyz">Readiness</a> · <a href="/metrics">Metrics</a></p>'
        return page("avantto-qbo", table([("Version", __version__)]), links)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", exposition)
    app.router.add_get("/", index)
    return app
