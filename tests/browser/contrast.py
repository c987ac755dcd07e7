"""How well text can be read on its ground, as WCAG 2 defines it."""

from selenium.webdriver import Chrome


def contrast(colours: tuple[str, str]) -> float:
    """The contrast of two colours such as `rgb(1, 2, 3)`."""
    darker, lighter = sorted(map(luminance, colours))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Of a colour such as `rgb(1, 2, 3)`."""
    channels = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colours(browser: Chrome, element: object) -> tuple[str, str]:
    """Of an element's text and its ground."""
    text, ground = browser.execute_script(
        """const style = getComputedStyle(arguments[0]);
        return [style.color, style.backgroundColor]""",
        element,
    )
    return text, ground
