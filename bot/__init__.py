"""Mailwarden: a Slack bot for the people who run mail for a team."""
