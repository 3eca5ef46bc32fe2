"""What a page looks like: on which screens, and in pictures where somebody wants to look at them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
_BESIDE = """async () => {
  const beside = () => document.documentElement.scrollWidth - window.innerWidth;
  for (let frame = 0; frame < 60 && beside() > 0; frame += 1) await new Promise(requestAnimationFrame);
  return beside();
}"""
_AXE = Path(__file__).parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_LOOKED_AT: tuple[tuple[Literal["light", "dark"], dict[str, list[str]]], ...] = (
    ("light", {}),
    ("dark", {"runOnly": ["color-contrast"]}),
)
"""The colours are all that a theme changes."""
_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Colours that are inherited follow their theme a frame later."""
_LOOKS = 3
_THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")


def sideways(page: Page) -> int:
    """How many pixels of the page lie beside its window; charts take a new width some frames after it changed."""
    return int(page.evaluate(_BESIDE))


def faults_of(page: Page) -> list[str]:
    """What a person who cannot see the page well stumbles over, in both themes."""
    faults: list[str] = []
    page.evaluate(_AXE.read_text())
    for theme, what in _LOOKED_AT:
        page.emulate_media(color_scheme=theme)
        faults += [f"{page.url}, {theme}: {fault}" for fault in _staying(page, what)]
    page.emulate_media(color_scheme="light")
    return faults


def _staying(page: Page, what: dict[str, list[str]]) -> list[str]:
    """On a busy machine a colour may follow its theme later than a frame: what is a fault is one again."""
    found: list[str] = []
    for _ in range(_LOOKS):
        page.evaluate(_FRAMES)
        told = page.evaluate("what => axe.run(document, {resultTypes: ['violations'], ...what})", what)
        found = [f"{each['id']} {each['nodes'][0]['target']}" for each in told["violations"]]
        if not found:
            break
        page.wait_for_timeout(500)
    return found


@dataclass(frozen=True)
class Pictures:
    folder: Path | None

    def take(self, page: Page, name: str) -> None:
        """The whole page in both themes."""
        if self.folder is None:
            return
        for theme in _THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(_FRAMES)
            page.screenshot(path=self.folder / f"{name}-{theme}.png", full_page=True)
