"""Looking for uploads, and taking what was found along."""
