"""The Web API methods this Slack knows: one function each, in a table with what it takes to call them."""

from bot.sandbox.slack.methods import apps, auth, chat, conversations, files, usergroups, users, views
from bot.sandbox.slack.methods.call import Method

METHODS: dict[str, Method] = {
    "apps.connections.open": Method(apps.connections_open, app_token=True),
    "auth.test": Method(auth.test),
    "chat.delete": Method(chat.delete, scope="chat:write"),
    "chat.getPermalink": Method(chat.get_permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, scope="chat:write"),
    "chat.postMessage": Method(chat.post_message, scope="chat:write"),
    "chat.update": Method(chat.update, scope="chat:write"),
    "conversations.info": Method(conversations.info, scope="channels:read"),
    "files.completeUploadExternal": Method(files.complete_upload_external, scope="files:write"),
    "files.getUploadURLExternal": Method(files.get_upload_url_external, scope="files:write"),
    "usergroups.users.list": Method(usergroups.users_list, scope="usergroups:read"),
    "users.info": Method(users.info, scope="users:read"),
    "users.list": Method(users.list_, scope="users:read"),
    "views.open": Method(views.open_),
    "views.publish": Method(views.publish),
    "views.push": Method(views.push),
    "views.update": Method(views.update),
}
"""Scopes as each method's page on docs.slack.dev names them. Every other method answers `unknown_method`."""

__all__ = ["METHODS", "Method"]
