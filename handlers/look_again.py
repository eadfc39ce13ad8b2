"""The window of what could not be read or changed about a mail user."""

from slack_sdk.models.views import View

from handlers import blocks, user_picker
from handlers.payloads import pack


def failed(title: str, view: str, look: str, account: str, address: str, message: str) -> View:
    """What went wrong, and a way to see how things stand: a button with the action_id `look`."""
    return blocks.modal(
        title,
        [
            *blocks.problem(message),
            blocks.section(user_picker.name(account, address, several=False)),
            blocks.actions(blocks.button("Look again", look, value=user_picker.reference(account, address))),
        ],
        callback_id=view,
        metadata=pack(account=account, address=address),
        tells=True,
    )
