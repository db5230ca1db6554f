"""Methods of DeepfakeBench and DF40 by the names in their lists, and the family of each.

The families are those of the table in DF40's README.
"""

from __future__ import annotations

import re

from datasets.records import Family

_LABELS = {
    "ff-df": "Deepfakes",
    "ff-f2f": "Face2Face",
    "ff-fs": "FaceSwap",
    "ff-nt": "NeuralTextures",
    "ff-fh": "FaceShifter",
    "dfd_fake": "DeepFakeDetection",
}

_FAMILIES = {
    Family.SWAP: "deepfakes faceswap faceshifter deepfakedetection celebdfv1 celebdfv2 dfdc dfdcp "
    "uadfv df fsgan simswap inswap blendface uniface mobileswap e4s facedancer deepfacelab",
    Family.REENACTMENT: "face2face neuraltextures fomm facevid2vid mraa oneshot oneshotfree "
    "pirender tpsm lia dagan sadtalker mcnet hyperreenact heygen",
    Family.LIP_SYNC: "wav2lip",
    Family.GENERATED: "vqgan stylegan2 stylegan3 styleganxl sd21 ddim ddpm rddm pixart dit sit "
    "midjourney whichisreal",
    Family.EDITED: "collabdiff e4e stargan starganv2 styleclip",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}


def method_of(label: str, list_name: str) -> str:
    """The method a label of the benchmark stands for.

    DF40's lists are one a method and domain (`simswap_ff.json`), and name it better than their
    labels do where those say only that a video is fake.
    """
    known = _LABELS.get(label.lower())
    if known:
        return known
    bare = re.sub(r"[_-]?fake[a-z]?$", "", label, flags=re.IGNORECASE)
    return bare or re.sub(r"_(ff|cdf)$", "", list_name)


def family_of(method: str) -> Family:
    key = re.sub(r"_(ff|cdf)$", "", method.lower())
    return _FAMILY.get(re.sub(r"[^a-z0-9]", "", key), Family.UNKNOWN)
