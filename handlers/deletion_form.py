"""What the forms that ask for deletions share: the reason."""

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement

from bot.errors import InvalidInput
from bot.model import TargetKind
from handlers import blocks
from handlers.payloads import OpenView

REASON = "reason"
REASON_ACTION = "schedule_deletion.reason"
LONGEST_REASON = 200


_EXAMPLES = {
    TargetKind.USER: "Anna has left the company",
    TargetKind.DOMAIN: "The shop has moved to another name",
    TargetKind.ROUTING_RULE: "Nobody reads that mail any more",
}


def reason_input(reason: str = "", kind: TargetKind = TargetKind.USER) -> InputBlock:
    return InputBlock(
        block_id=REASON,
        label="Reason",
        hint="Everybody in the channel reads it.",
        element=PlainTextInputElement(
            action_id=REASON_ACTION,
            max_length=LONGEST_REASON,
            initial_value=reason or None,
            placeholder=blocks.plain(_EXAMPLES[kind]),
        ),
    )


def typed_reason(view: OpenView) -> str:
    return view.text(REASON, REASON_ACTION)


def parse_reason(view: OpenView) -> str:
    """Raises InvalidInput at the reason."""
    reason = " ".join(typed_reason(view).split())
    if not reason:
        raise InvalidInput("Say why, so that others can judge whether to cancel it.", field=REASON)
    return blocks.cut(reason, LONGEST_REASON)
