"""What is due and when: the schedule on meter boundaries, and whether the gateway's own clock can be trusted."""
