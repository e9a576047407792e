"""How the Hub words its answers and reads its parameters, whatever the path."""

from __future__ import annotations

from assay.sample.server.wire import ApiError, Request, Response, dumps

INVALID_TOKEN = "hf_invalid"  # noqa: S105
OWNER_TOKEN = "hf_owner"  # noqa: S105
BAD_CREDENTIALS = "Invalid credentials in Authorization header"
NO_PAGE = "Sorry, we can't find the page you are looking for."


def error(status: int, message: str, code: str | None = None) -> Response:
    """An error as the Hub words it: the body's `error`, X-Error-Message and X-Error-Code."""
    # a header is Latin-1 and one line, whatever was asked
    plain = message.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
    headers = {"X-Error-Message": plain} | ({"X-Error-Code": code} if code else {})
    return Response(status, dumps({"error": message}), headers)


def refuse(status: int, message: str, code: str | None = None) -> ApiError:
    """The same as an exception, to be raised."""
    return ApiError(error(status, message, code))


def unknown(request: Request) -> ApiError:
    """No such repository for this caller; without a token the Hub does not say which is the case.

    The codes are those that huggingface_hub's hf_raise_for_status tells apart.
    """
    if token(request) is None:
        return refuse(401, "Invalid username or password.", "RepoNotFound")
    return refuse(404, "Repository not found", "RepoNotFound")


def restricted(request: Request, kind: str, repo_id: str) -> ApiError:
    """The refusal of what is gated: 401 to a caller without token, 403 to one not on the list."""
    what = f"Access to {kind.removesuffix('s')} {repo_id} is restricted"
    if token(request) is None:
        message = (
            f"{what}. You must have access to it and be authenticated to access it. Please log in."
        )
        return refuse(401, message, "GatedRepo")
    path = repo_id if kind == "models" else f"{kind}/{repo_id}"
    message = (
        f"{what} and you are not in the authorized list. "
        f"Visit https://huggingface.co/{path} to ask for access."
    )
    return refuse(403, message, "GatedRepo")


def redirect(request: Request, path: str) -> ApiError:
    """307 to another path of this server with the same query; Location is relative."""
    _, _, query = request.target.partition("?")
    to = path + (f"?{query}" if query else "")
    body = f"Temporary Redirect. Redirecting to {to}".encode()
    return ApiError(Response(307, body, {"Location": to}, "text/plain; charset=utf-8"))


def token(request: Request) -> str | None:
    """The caller's Bearer token, or None."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None


def whole(request: Request, name: str, least: int) -> int | None:
    """A whole number from `least`, None if it is not asked for; refused if it is anything else."""
    text = request.last(name)
    if text is None:
        return None
    # int() of a text of any length is costly, and JavaScript's numbers end at 16 digits
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) >= least):
        raise refuse(400, f'"{name}" must be a whole number from {least}')
    return int(text)


def flag(request: Request, name: str) -> bool | None:
    """A boolean, None if it is not asked for; refused if it is anything else."""
    text = request.last(name)
    if not text:
        return None
    if text.lower() not in ("true", "false", "1", "0"):
        raise refuse(400, f'"{name}" must be a boolean')
    return text.lower() in ("true", "1")
