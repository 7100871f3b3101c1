"""The few pages a browser sees without signing in: plain words, no scripts, nothing cached."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from aiohttp import web

from avantto_qbo.server.api import ConnectAnswer

_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:3rem auto;padding:0 1rem;color:#1d2430}"
    "h1{font-size:1.5rem}td{padding:.2rem 1.2rem .2rem 0;vertical-align:top}"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, *parts: str, status: int = 200) -> web.Response:
    """Return a page; `parts` are HTML already."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def table(rows: Iterable[tuple[str, str]]) -> str:
    cells = (f"<tr><td>{escape(left)}</td><td>{escape(right)}</td></tr>" for left, right in rows)
    return f"<table>{''.join(cells)}</table>"


def connected_page(answer: ConnectAnswer) -> web.Response:
    """Tell the owner what was connected and what will be posted where."""
    return page(
        f"{answer.name} is connected",
        paragraph(f"From {answer.books_from:%d %B %Y, %H:%M} UTC on, this goes to {answer.company} by itself:"),
        table((posting.what, posting.where) for posting in answer.posting),
        *(paragraph(warning) for warning in answer.warnings),
        paragraph("You can close this window."),
    )


def refused_page(problem: str, mend: str, status: int = 400) -> web.Response:
    """Say what stands in the way and what to do about it."""
    return page("This did not work", paragraph(problem), paragraph(mend or "Ask for a new link."), status=status)
