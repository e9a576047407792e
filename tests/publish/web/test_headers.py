"""The headers that PocketBase sends with the page, by publish/pb_hooks."""

import httpx

from tests.publish.web.server import PocketBase

PAGE = {
    "content-security-policy": "frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
}


def test_the_page_and_its_modules_may_not_be_framed_and_are_asked_for_anew(
    served: PocketBase,
) -> None:
    for path, kind in {
        "/": "text/html",
        "/js/app.js": "text/javascript",
        "/app.css": "text/css",
    }.items():
        answer = httpx.get(served.url + path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert {name: answer.headers[name] for name in PAGE} == PAGE
        again = httpx.get(
            served.url + path, headers={"If-Modified-Since": answer.headers["last-modified"]}
        )
        assert again.status_code == 304


def test_the_api_and_the_dashboard_keep_their_own_headers(served: PocketBase) -> None:
    api = httpx.get(f"{served.url}/api/health")
    assert "content-security-policy" not in api.headers
    dashboard = httpx.get(f"{served.url}/_/")
    assert dashboard.headers["content-security-policy"].startswith("default-src 'self'")


def test_a_path_that_is_not_there_is_404_and_not_the_page(served: PocketBase) -> None:
    assert httpx.get(f"{served.url}/a/b").status_code == 404
