"""Slack in: one file per feature. This is the table of contents."""

import re

from slack_bolt.async_app import AsyncApp

from bot.model import Role
from bot.services import Services
from handlers import (
    add_domain,
    admin_privilege,
    app_passwords,
    audit_trail,
    bulk_create,
    bulk_deletion,
    create_route,
    create_user,
    deletion_buttons,
    digest_problems,
    dns_alert_buttons,
    dns_health,
    dns_report,
    domain_records,
    domain_settings,
    find_domains,
    find_users,
    first_user,
    help,  # noqa: A004 - the feature's name
    home,
    mail_routes,
    manage_domain,
    manage_user,
    operators,
    own_messages,
    pending_deletions,
    quota,
    rename_user,
    reset_methods,
    reset_password,
    restore_user,
    schedule_deletion,
    search_indexing,
    shortcuts,
    two_factor,
    user_picker,
)
from handlers.listening import listener, out_of_date
from handlers.turn import Turn

FEATURES = (
    help,
    create_user,
    reset_password,
    two_factor,
    quota,
    admin_privilege,
    restore_user,
    schedule_deletion,
    bulk_create,
    bulk_deletion,
    deletion_buttons,
    pending_deletions,
    find_users,
    find_domains,
    manage_domain,
    add_domain,
    first_user,
    domain_records,
    domain_settings,
    mail_routes,
    create_route,
    manage_user,
    rename_user,
    app_passwords,
    reset_methods,
    search_indexing,
    user_picker,
    dns_health,
    dns_report,
    dns_alert_buttons,
    digest_problems,
    operators,
    shortcuts,
    audit_trail,
    home,
    own_messages,
)

ANYTHING = re.compile(".*", re.DOTALL)


def register(app: AsyncApp, services: Services) -> None:
    """Give `app` all listeners. Only the first one that fits is run, so what catches everything comes last."""
    for feature in FEATURES:
        feature.register(app, services)
    app.action(ANYTHING)(listener(services, out_of_date, need=Role.VIEWER))
    app.shortcut(ANYTHING)(listener(services, out_of_date, need=Role.VIEWER))
    app.view(ANYTHING)(listener(services, out_of_date, need=Role.VIEWER))
    app.options(ANYTHING)(listener(services, _no_options, need=Role.VIEWER))


async def _no_options(turn: Turn) -> None:
    await turn.ack(options=[])
