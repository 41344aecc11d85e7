"""The pages of the reference: how one calls, and a page for each area. They hold nothing of any organization."""

from typing import Final

from litestar.params import FromPath

from tranche.kernel.errors import NotFound
from tranche.kernel.reference.domain import MEANINGS
from tranche.kernel.reference.fields import text_of
from tranche.kernel.reference.service import find_reference
from tranche.kernel.web.pages.ports import MenuEntry
from tranche.kernel.web.pages.render import Html, base_url, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/developers"


@page(PATH)
def overview_page(request: AnyRequest) -> Html:
    """How the API is called, and its areas."""
    reference = find_reference(request.app)
    data = {"reference": reference, "meanings": _meanings(), "base": base_url(request)}
    return render(request, "reference/overview.html", data)


@page(PATH + "/{area:str}")
def area_page(request: AnyRequest, area: FromPath[str]) -> Html:
    """Every route of one area."""
    reference = find_reference(request.app)
    found = reference.find(area)
    if found is None:
        raise NotFound("The reference has no such part.")
    data = {"reference": reference, "area": found, "meanings": _meanings()}
    return render(request, "reference/area.html", data)


def _meanings() -> dict[str, object]:
    return {status: text_of(text) for status, text in MEANINGS.items()}


PAGES: Final = (overview_page, area_page)
MENU: Final = (MenuEntry(label="Developers", path=PATH, icon="code", position=97),)
