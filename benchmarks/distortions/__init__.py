"""What happens to uploads on their way, for the robustness suite: kinds, strengths, seeds."""

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.geometry import shown
from benchmarks.distortions.registry import DISTORTIONS, Distortion, Family, Kind, every

__all__ = [
    "DISTORTIONS",
    "Clip",
    "Distortion",
    "Family",
    "Kind",
    "Picture",
    "Strength",
    "every",
    "shown",
]
