"""A blind leaderboard: who submits sees media and some labels, who organises the others."""
