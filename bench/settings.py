"""The portal's settings with what is only measured: a bare view, a mail of a known size."""

from pathlib import Path

from wmaportal.settings import *  # noqa: F403
from wmaportal.settings import TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], Path(__file__).parent / "templates"]
