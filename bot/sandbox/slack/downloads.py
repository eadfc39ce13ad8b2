"""Files that people give to an app, for the app to fetch (docs.slack.dev, messaging/working-with-files)."""

from aiohttp import web

from bot.sandbox.slack.files import DOWNLOAD_PATH, Files

READ = "files:read"


def add_downloads(app: web.Application, files: Files, *, token: str, scopes: frozenset[str]) -> None:
    """Hand files out to whoever has the app's token, if that may read files; others are sent to the login page."""

    async def download(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {token}" or READ not in scopes:
            # Slack asks browsers and wrong tokens alike to sign in, with a redirection to a page.
            raise web.HTTPFound("/login")
        file = files.shown(request.match_info["id"])
        if file is None or file.content is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def login(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Sign in</title>", content_type="text/html")

    files.readable = READ in scopes
    app.router.add_get(DOWNLOAD_PATH + "{id}/download/{name}", download)
    app.router.add_get("/login", login)
