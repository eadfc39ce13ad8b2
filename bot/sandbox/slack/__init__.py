"""A Slack for one workspace: strict where Slack is strict, and unkind on demand."""
