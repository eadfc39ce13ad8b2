"""The digest's picture: a row for each domain, a cell for each day, the worst first; and the same in sentences.

It answers what a list can't: is this new, has it been so for weeks, or does it come and go?

Colours are those of Okabe and Ito, which people with any colour vision tell apart; each state also has a height and a mark
of its own, so that it reads in grey. The picture brings its own background, because Slack shows it on white and on dark.
"""

from bot.dns.strip.picture import draw
from bot.dns.strip.rows import StripRow, alt_text, in_words

__all__ = ["StripRow", "alt_text", "draw", "in_words"]
