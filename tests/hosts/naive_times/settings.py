"""No time zones: every moment is in the host's own, which is far from UTC."""

from tests.hosts.base import *  # noqa: F403

USE_TZ = False
TIME_ZONE = "Asia/Kolkata"
