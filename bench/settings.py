"""The portal's settings with one more address: the bare view that others are held against."""

from wmaportal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
