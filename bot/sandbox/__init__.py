"""Everything around the bot, made up and on loopback: a Slack, the mail systems, DNS, and a page to use it all."""
