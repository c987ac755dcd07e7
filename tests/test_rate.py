"""Rates as projects and operators write them."""

import pytest

from django_mcp.rate import Rate


@pytest.mark.parametrize(
    ("text", "rate", "words"),
    [
        ("100/m", Rate(100, 60), "100 per minute"),
        ("10/s", Rate(10, 1), "10 per second"),
        ("5/30s", Rate(5, 30), "5 per 30 seconds"),
        ("1000/h", Rate(1000, 3600), "1000 per hour"),
        ("1/2d", Rate(1, 172_800), "1 per 2 days"),
        ("3/90s", Rate(3, 90), "3 per 90 seconds"),
        ("3/120s", Rate(3, 120), "3 per 2 minutes"),
        ("0/d", Rate(0, 86_400), "0 per day"),
    ],
)
def test_rate_is_read_and_spelled(text: str, rate: Rate, words: str) -> None:
    assert Rate.parse(text) == rate
    assert str(rate) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "100",
        "100/",
        "/m",
        "100/w",
        "100/0m",
        "-1/m",
        "1.5/m",
        "100/m ",
        "100 / m",
        "\uff11/m",
        "1/m\n",
    ],
)
def test_what_is_no_rate_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate: write a number of calls and a time"):
        Rate.parse(text)
