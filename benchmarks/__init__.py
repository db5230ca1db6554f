"""How good a bundle is: score tables, figures with intervals, robustness, a blind leaderboard."""
