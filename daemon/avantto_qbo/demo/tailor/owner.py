"""What only the owner of a British company can say: which tax code "no tax" is."""

from __future__ import annotations

import shlex
from typing import Final

from avantto_qbo.demo.company import Setting
from avantto_qbo.demo.errors import DemoError

UNCLEAR: Final = "tax_code"
CHOSEN: Final = "No VAT"


async def mend_tax_codes(setting: Setting) -> None:
    """Look at what is held, and run the command it names with the code chosen: `0.0% Z`, `Exempt` or `No VAT`."""
    held = await setting.held(UNCLEAR)
    if not held:
        raise DemoError("no document waits for a tax code, though the company has several codes without tax")
    first = held[0]
    setting.say(f"{len(held)} held, such as {first.text}")
    command = shlex.split(first.mend.replace("CODE", CHOSEN))
    setting.say(f"the owner: {shlex.join(command)}")
    await setting.command(command[1:])
