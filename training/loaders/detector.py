"""What every loader makes: a detector in the form that is exported."""

from __future__ import annotations

from torch import Tensor, nn

from training.loaders.framing import Framed, Framing


class ForeignDetector(nn.Module):
    """A network as its authors made it, behind the framing that our crops need for it.

    `network` answers pixels (N 3 side side, float32) by features (N D) and by one raw
    logit of "fake", or by those of "real" and "fake" (N 1 or N 2).
    """

    def __init__(self, framing: Framing, network: nn.Module, *, embedding: int) -> None:
        super().__init__()
        self.framed = Framed(framing)
        self.network = network
        self.embedding = embedding

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Score crops (N 224 224 3, uint8, RGB): log-odds of fake (N 1), embedding (N D)."""
        features, logits = self.network(self.framed(crops))
        return log_odds(logits), features


def log_odds(logits: Tensor) -> Tensor:
    """One logit of "fake" as it is; of two classes (real, fake) the softmax's log-odds of fake."""
    if logits.shape[1] == 1:
        return logits
    return logits[:, 1:2] - logits[:, 0:1]
