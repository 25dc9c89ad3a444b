"""What Purser takes, each figure beside a bare one measured in the same run."""
