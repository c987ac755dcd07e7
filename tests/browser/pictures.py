"""What pages look like: screenshots for the documentation, colour schemes, complaints."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.wire import PATIENCE

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SCHEMES = ("light", "dark")


@contextmanager
def scheme(browser: Chrome, name: str) -> Iterator[None]:
    """Let pages see a person who prefers this colour scheme."""
    features = [{"name": "prefers-color-scheme", "value": name}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@contextmanager
def width(browser: Chrome, pixels: int) -> Iterator[None]:
    """Let pages see a window of this width."""
    metrics = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


WHOLE_COLUMNS = """
const box = document.querySelector('.results').getBoundingClientRect();
const right = Math.min(innerWidth, box.right);
const rows = [...document.querySelectorAll('#result_list tr')];
const isWhole = cell =>
    cell.getBoundingClientRect().right <= right + 1 && cell.scrollWidth <= cell.clientWidth + 1;
return [...rows[0].cells].filter((_, column) => rows.every(row => isWhole(row.cells[column])))
    .map(heading => heading.innerText.trim().toLowerCase()).filter(text => text);
"""


def whole_columns(browser: Chrome) -> list[str]:
    """The columns of a list in the admin that are seen whole, without scrolling sideways."""
    columns: list[str] = browser.execute_script(WHOLE_COLUMNS)
    return columns


def complaints(browser: Chrome) -> list[str]:
    """What the pages complained of in the browser's console; the tests' site has no icon."""
    entries: list[dict[str, Any]] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return [
        entry["message"]
        for entry in entries
        if entry["level"] == "SEVERE" and "/favicon.ico" not in entry["message"]
    ]


def take(browser: Chrome, name: str, *, height: int, part: str = "body") -> None:
    """Keep a picture of a part of the page in both schemes, when UPDATE_SCREENSHOTS is 1."""
    if os.environ.get("UPDATE_SCREENSHOTS") != "1":
        return
    FOLDER.mkdir(exist_ok=True)
    place = browser.find_element(By.CSS_SELECTOR, part).rect
    for each in SCHEMES:
        with scheme(browser, each):
            # Links change their colour slowly.
            WebDriverWait(browser, PATIENCE).until(
                lambda page: page.execute_script("return document.getAnimations().length === 0")
            )
            shot = browser.execute_cdp_cmd(
                "Page.captureScreenshot",
                {
                    "format": "png",
                    "captureBeyondViewport": True,
                    "clip": {
                        "x": place["x"],
                        "y": place["y"],
                        "width": place["width"],
                        "height": height,
                        "scale": 0.75,
                    },
                },
            )
        (FOLDER / f"{name}-{each}.png").write_bytes(base64.b64decode(shot["data"]))
