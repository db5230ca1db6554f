"""The dashboards."""

from __future__ import annotations

from monitoring.mixin.pages.objectives import OBJECTIVES_PAGE
from monitoring.mixin.pages.parts import PARTS_PAGE
from monitoring.mixin.pages.quality import QUALITY_PAGE
from monitoring.mixin.pages.stream import STREAM_PAGE

PAGES = (OBJECTIVES_PAGE, STREAM_PAGE, QUALITY_PAGE, PARTS_PAGE)
