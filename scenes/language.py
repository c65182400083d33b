"""The language of everything a learner reads: asked for, or the locale's, or English."""

from __future__ import annotations

import os
from collections.abc import Mapping

LANGUAGES = ("en", "zh")
ENGLISH = "en"
TAGS = {"en": "en", "zh": "zh-Hans"}
"""Language -> its tag in a page: fonts are chosen by it. Source: RFC 5646."""


def of_locale(environment: Mapping[str, str] = os.environ) -> str:
    """The language that LC_ALL, LC_MESSAGES or LANG name (the first that is set), if we speak it.

    The order is that of setlocale(3); "C", "POSIX" and unknown languages are English.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            spoken = value.partition(".")[0].partition("_")[0].lower()
            return spoken if spoken in LANGUAGES else ENGLISH
    return ENGLISH
