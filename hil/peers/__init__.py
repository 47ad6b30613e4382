"""Programs of other people that ours is tested and measured against. Each runs apart: its own environment, its own process."""
