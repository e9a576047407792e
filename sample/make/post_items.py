"""One API item from one post, in the shapes of GitHub, StackExchange, Reddit and Algolia.

What the seed does not say is drawn from the post's own generator, or is what the API gives to most.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from assay.sample.make import post_html
from assay.sample.make.post_seeds import Post

Item = dict[str, Any]

# The ids of FIRST_MOMENT: above what the four had given when this was written.
GITHUB_FROM, STACK_FROM = 4_100_000_000, 79_980_000
REDDIT_FROM, HACKER_FROM = 4_400_000_000, 49_900_000

GITHUB_FIXED: Item = {
    "locked": False,
    "assignee": None,
    "assignees": [],
    "milestone": None,
    "active_lock_reason": None,
    "performed_via_github_app": None,
    "score": 1.0,
}
REDDIT_FIXED: Item = {
    "approved_at_utc": None,
    "archived": False,
    "banned_by": None,
    "clicked": False,
    "contest_mode": False,
    "distinguished": None,
    "downs": 0,
    "gilded": 0,
    "hidden": False,
    "hide_score": False,
    "is_video": False,
    "likes": None,
    "locked": False,
    "num_crossposts": 0,
    "over_18": False,
    "quarantine": False,
    "removal_reason": None,
    "saved": False,
    "selftext_html": None,
    "spoiler": False,
    "stickied": False,
    "subreddit_type": "public",
    "suggested_sort": None,
}


def hexadecimal(text: str, digits: int) -> str:
    """A stand-in for an opaque id."""
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def base36(number: int) -> str:
    """A number as Reddit writes its ids."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def slug(title: str, joint: str, length: int) -> str:
    """A title as it stands in an address."""
    return joint.join(re.findall(r"[a-z0-9]+", title.lower()))[:length].strip(joint)


def iso(epoch: int) -> str:
    """A moment as GitHub and Algolia write it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def labels(post: Post, api: str) -> list[Item]:
    """A repository's labels."""
    found = []
    for name in post.head.get("labels", ()):
        color = hexadecimal(name, 6)
        address = f"{api}/labels/{name.replace(' ', '%20')}"
        entry = {"id": int(color, 16), "url": address, "name": name, "color": color}
        found.append(entry | {"default": name in ("bug", "enhancement", "question")})
    return found


def reactions(url: str, score: int) -> Item:
    """The score as thumbs up, and a heart now and then."""
    hearts = score // 6
    kinds = {"+1": score - hearts, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0}
    kinds |= {"heart": hearts, "rocket": 0, "eyes": 0}
    return {"url": f"{url}/reactions", "total_count": score, **kinds}


def pull_request(post: Post, api: str, number: int, page: str) -> Item:
    """What only a pull request has."""
    merged = iso(post.later("closed", 40)) if post.head.get("closed") else None
    links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    link = {"url": f"{api}/pulls/{number}", **links, "merged_at": merged}
    return {"draft": False, "pull_request": link}


def github(post: Post) -> Item:
    """One item of GET /search/issues."""
    repository, pull = post.head["in"], post.head.get("pr", False)
    closed = iso(post.later("closed", 40)) if post.head.get("closed") else None
    api = f"https://api.github.com/repos/{repository}"
    # counts up by one in 37 minutes, so that the later of two has the larger number
    number = int(hexadecimal(repository, 3), 16) + post.age // (37 * 60)
    url, login, native = f"{api}/issues/{number}", post.author("-"), GITHUB_FROM + post.age
    page = f"https://github.com/{repository}/{'pull' if pull else 'issues'}/{number}"
    user = {"login": login, "id": int(hexadecimal(login, 7), 16), "type": "User"}
    # a browser sends CRLF, command lines and mails do not
    body = post.body.replace("\n", "\r\n") if post.rng("line ends").random() < 0.4 else post.body
    item = {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": page,
        "id": native,
        "node_id": ("PR_" if pull else "I_") + hexadecimal(f"{native}", 14),
        "number": number,
        "title": post.title,
        "user": user | {"html_url": f"https://github.com/{login}"},
        "labels": labels(post, api),
        "state": "closed" if closed else "open",
        "state_reason": "completed" if closed else None,
        "comments": post.head["comments"],
        "created_at": iso(post.epoch),
        "updated_at": closed or iso(post.later("updated", 40)),
        "closed_at": closed,
        "author_association": post.rng("role").choice(["NONE"] * 4 + ["CONTRIBUTOR", "MEMBER"]),
        "body": body or None,
        "reactions": reactions(url, post.head["score"]),
        **GITHUB_FIXED,
    }
    return item | (pull_request(post, api, number, page) if pull else {})


def owner(post: Post) -> Item:
    """Who asked; of a deleted user there is only a name made of the old number."""
    name = post.author(" ").title()
    user = int(hexadecimal(name, 6), 16)
    if post.head.get("deleted_user"):
        return {"user_type": "does_not_exist", "display_name": f"user{user}"}
    return {
        "account_id": user + 1_000_000,
        "reputation": int(post.rng("reputation").paretovariate(0.6)),
        "user_id": user,
        "user_type": "registered",
        "display_name": name,
        "link": f"https://stackoverflow.com/users/{user}/{slug(name, '-', 40)}",
    }


def stackoverflow(post: Post) -> Item:
    """One item of GET /questions with filter=withbody."""
    head, native = post.head, STACK_FROM + post.age // 9
    answers, score = head["comments"], head["score"]
    item = {
        "tags": head["in"],
        "owner": owner(post),
        "is_answered": bool(head.get("accepted") or (answers and score > 1)),
        "view_count": 9 + 31 * max(score, 0) + 14 * answers + post.rng("views").randrange(60),
        "answer_count": answers,
        "score": score,
        "creation_date": post.epoch,
        "question_id": native,
        "content_license": "CC BY-SA 4.0",
        "link": f"https://stackoverflow.com/questions/{native}/{slug(post.title, '-', 80)}",
        "title": post_html.stack_title(post.title),
        "body": post_html.markdown(post.body),
    }
    if head.get("accepted"):
        item["accepted_answer_id"] = native + post.rng("answer").randrange(20, 900)
    if post.rng("edited?").random() < 0.4:
        item["last_edit_date"] = post.later("edited", 30)
    if "closed" in head:
        item |= {"closed_date": post.later("closed", 30), "closed_reason": head["closed"]}
    dates = [item.get(name, 0) for name in ("creation_date", "last_edit_date", "closed_date")]
    item["last_activity_date"] = max(*dates, post.later("activity", 60) if answers else 0)
    return item


def reddit(post: Post) -> Item:
    """One child of the listing GET /r/{sub}/new with raw_json=1."""
    head, sub = post.head, post.head["in"]
    native, gone = base36(REDDIT_FROM + 4 * post.age), head.get("gone")
    permalink = f"/r/{sub}/comments/{native}/{slug(post.title, '_', 50)}/"
    url = head.get("link", f"https://www.reddit.com{permalink}")
    data = {
        "id": native,
        "name": f"t3_{native}",
        "subreddit": sub,
        "subreddit_id": f"t5_{base36(int(hexadecimal(sub, 6), 16))}",
        "subreddit_name_prefixed": f"r/{sub}",
        "title": post.title,
        "selftext": f"[{gone}]" if gone else post.body,
        "author": "[deleted]" if gone == "deleted" else post.author("_"),
        "created": float(post.epoch),
        "created_utc": float(post.epoch),
        "edited": float(post.later("edited", 20)) if "EDIT" in post.body else False,
        "score": head["score"],
        "ups": head["score"],
        "upvote_ratio": round(0.5 + post.rng("ratio").random() / 2, 2),
        "num_comments": head["comments"],
        "permalink": permalink,
        "url": url,
        "domain": urlsplit(url).netloc if "link" in head else f"self.{sub}",
        "is_self": "link" not in head,
        "link_flair_text": head.get("flair"),
        "removed_by_category": {"removed": "moderator", "deleted": "deleted"}.get(gone),
        **REDDIT_FIXED,
    }
    # newer than the rest of the fields, and only where there is a link
    data |= {"url_overridden_by_dest": url, "post_hint": "link"} if "link" in head else {}
    return {"kind": "t3", "data": data}


def hackernews(post: Post) -> Item:
    """One hit of GET /api/v1/search_by_date?tags=story."""
    head, native, author = post.head, HACKER_FROM + post.age // 9, post.author("")
    tags = ["story", f"author_{author}", f"story_{native}"]
    tags += [
        f"{kind}_hn" for kind in ("ask", "show") if post.title.lower().startswith(f"{kind} hn")
    ]
    text = post_html.hacker(post.body) if post.body else None
    item = {
        "_highlightResult": {
            "author": {"matchLevel": "none", "matchedWords": [], "value": author},
            "title": {"matchLevel": "none", "matchedWords": [], "value": post.title},
        },
        "_tags": tags,
        "author": author,
        "created_at": iso(post.epoch),
        "created_at_i": post.epoch,
        "num_comments": head["comments"],
        "objectID": str(native),
        "points": head["score"],
        "story_id": native,
        "title": post.title,
        "updated_at": iso(post.later("updated", 30)),
        "url": head.get("link"),
        "story_text": text,
    }
    # the index of some days keeps empty fields, of others leaves them out
    empties = post.moment.day % 3 == 0
    return {name: value for name, value in item.items() if empties or value is not None}


SHAPES = {
    "github": github,
    "stackoverflow": stackoverflow,
    "reddit": reddit,
    "hackernews": hackernews,
}
