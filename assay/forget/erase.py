"""Taking posts out of the warehouse: their rows, and the words that were made of them.

A row of a post goes. A group of a day that it was in goes on without it, under another fingerprint,
so that the next build summarizes and labels it anew; what the group had of its words goes at once.
Tables are found by their columns, so that one that comes later is not forgotten.
"""

from collections import Counter
from dataclasses import dataclass, field

import duckdb

SCHEMAS = ("bronze", "bronze_staging", "silver_staging", "silver", "gold")
# The log of what is published has no words, and says what is to be taken off the page.
IDENTITIES = "silver_staging.stg_issue_identities"
SPARED = ("bronze.tombstones", "gold.live_issues", "gold.live_evidence", IDENTITIES)
# Which group of a day shows the posts of another, where a person merged issues; labels of such
# groups have a fingerprint of their own.
CORRECTED = "silver_staging.int_corrected_groups"
# Where posts are as they came. In a lake the first is a view of the second, in which posts stand as
# several runs brought them (assay/warehouse/appended.py).
POSTS = ("bronze.raw_items", "bronze.raw_items_by_run")
CLUSTERS, TOPICS = "silver_staging.stg_clusters", "silver_staging.stg_topics"
CLEANED, FOLDED = "silver_staging.stg_posts__cleaned", "silver_staging.stg_posts__folded"
LOCAL, LLM = "silver_staging.stg_issue_labels__local", "silver_staging.stg_issue_labels__llm"

_COLUMNS = """
    select c.table_schema || '.' || c.table_name, list(c.column_name)
    from information_schema.columns as c
    inner join information_schema.tables as t using (table_catalog, table_schema, table_name)
    where t.table_type = 'BASE TABLE' and c.table_catalog = current_database()
        and (
            list_contains($schemas, c.table_schema)
            -- On a lake each data folder has a staging of its own.
            or starts_with(c.table_schema, 'bronze_staging_')
        )
    group by 1 order by 1
"""
# The posts that are to go: those with a tombstone, and all of an author with one.
_GONE = """
    create or replace temp table gone as
    select key as url_hash from bronze.tombstones where kind = 'post' and erased_at is null
"""
_OF_AUTHORS = """
    merge into bronze.tombstones as known
    using (
        select
            'post' as kind, post.url_hash as key, post.source, post.native_id, author.reason,
            true as is_by_hand, author.removed_at, author.run_id, null::timestamptz as erased_at
        from bronze.raw_items as post
        inner join bronze.tombstones as author
            on author.kind = 'author' and author.key = post.author_hash
    ) as one on known.kind = one.kind and known.key = one.key
    when matched then update set is_by_hand = true, erased_at = null
    when not matched then insert by name
"""
_UNKNOWN = """
    select key from bronze.tombstones
    where kind = 'post' and is_by_hand and erased_at is null
        and key not in (select url_hash from bronze.raw_items)
"""
_IS_GONE = "url_hash in (select url_hash from gone)"
_OF_LABEL = "fingerprint in (select fingerprint from labelled)"
_OF_GROUP = "(cluster_date, cluster_id) in (select (cluster_date, cluster_id) from touched)"
_OF_ISSUE = f"""issue_id in (
    select known.issue_id from {IDENTITIES} as known
    inner join touched using (cluster_date, cluster_id)
)"""  # noqa: S608 - a name of our own
_TOUCHED = f"""
    create or replace temp table touched as
    select distinct cluster_date, cluster_id, fingerprint
    from (select *, unnest(members) as member from {CLUSTERS})
    where member.url_hash in (select url_hash from gone)
"""  # noqa: S608 - names of our own
_TOUCHED_BY_HAND = f"""
    insert into touched
    select distinct known.cluster_date, known.shown_cluster_id, known.fingerprint
    from {CORRECTED} as known
    inner join touched using (cluster_date, cluster_id)
    where known.is_corrected
"""  # noqa: S608 - a name of our own
_EMPTIED = """
    delete from {table}
    where (cluster_date, {number}) in (
        select (cluster_date, {number})
        from (select *, unnest(members) as member from {table})
        left join gone on member.url_hash = gone.url_hash
        group by cluster_date, {number}
        having
            count(gone.url_hash) > 0
            and not bool_or(gone.url_hash is null and not member.is_outlier)
    )
"""
# The nearest to the centre is the first of those that are left.
_LEFT = """
    update {table} as stored set members = left_over.members {more}
    from (
        select
            cluster_date, {number}, list(
                {{
                    'url_hash': member.url_hash,
                    'position': (place - 1)::integer,
                    'distance': member.distance,
                    'is_outlier': member.is_outlier
                }} order by place
            ) as members
        from (
            select
                cluster_date, {number}, member,
                row_number() over (
                    partition by cluster_date, {number} order by member.position
                ) as place
            from (select *, unnest(members) as member from {table})
            where member.url_hash not in (select url_hash from gone)
        )
        group by cluster_date, {number}
    ) as left_over
    where stored.cluster_date = left_over.cluster_date and stored.{number} = left_over.{number}
        and len(stored.members) > len(left_over.members)
"""
_NEW_NAME = (
    ", fingerprint = md5(concat_ws(' ', stored.fingerprint, "
    "list_transform(left_over.members, lambda one: one.url_hash)))"
)


# A comment is its own author's, but it is named by its story's title.
_NAMED = """
    update {posts} as comment set
        title = 'Re: a post that was taken back',
        raw = json_merge_patch(comment.raw, '{{"story_title": null, "story_url": null}}')
    from bronze.raw_items as story
    where story.url_hash in (select url_hash from gone)
        and comment.source = story.source and comment.url_hash <> story.url_hash
        and (comment.raw ->> '$.story_id') = story.native_id
        and (comment.raw ->> '$.parent_id') is not null
"""


@dataclass
class Erasure:
    """What an erasure found before anything was deleted, and what it then deleted.

    url_hashes: of the posts. urls, and texts: title and text as they were embedded. fingerprints:
    of groups that had one of the posts. run_days: the days on which the posts were written or read;
    None for any, when a person took out what the warehouse does not have. rows: what was deleted,
    by table.
    """

    url_hashes: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    fingerprints: list[str] = field(default_factory=list)
    run_days: list[str] | None = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)


class Eraser:
    """One erasure on a warehouse that is open for writing."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        rows = db.execute(_COLUMNS, {"schemas": list(SCHEMAS)}).fetchall()
        self._tables = {name: set(columns) for name, columns in rows if name not in SPARED}
        self._posts = next((name for name in POSTS if name in self._tables), None)

    def look(self) -> Erasure:
        """Find what is to go; nothing is deleted yet."""
        if self._posts:
            self._db.execute(_OF_AUTHORS)
        self._db.execute(_GONE)
        found = Erasure(url_hashes=self._values("select url_hash from gone order by 1"))
        if not found.url_hashes:
            return found
        if self._posts:
            of_posts = f"from {self._posts} where {_IS_GONE}"
            found.urls = self._values(f"select distinct url {of_posts}")
            found.run_days = self._values(
                f"select distinct unnest([collection_date, created_at::date])::varchar {of_posts}"
            )
        if self._values(_UNKNOWN if self._posts else "select 1"):
            found.run_days = None
        if CLEANED in self._tables:
            text = "concat_ws(chr(10), title, text)"
            found.texts = self._values(f"select {text} from {CLEANED} where {_IS_GONE}")  # noqa: S608
        found.fingerprints = self._fingerprints()
        return found

    def erase(self, found: Erasure) -> None:
        """Delete what `look` found, all or nothing, and say so in the tombstones."""
        if not found.url_hashes:
            return
        self._db.execute("begin transaction")
        found.rows.clear()  # of a try that met another process
        try:
            self._delete(found)
            self._db.execute(
                "update bronze.tombstones set erased_at = now() "
                "where kind = 'author' or key in (select url_hash from gone)"
            )
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def _fingerprints(self) -> list[str]:
        """Return the groups that the posts were in, and labels that may be made of them."""
        if CLUSTERS not in self._tables:
            return []
        self._db.execute(_TOUCHED)
        if CORRECTED in self._tables:
            self._db.execute(_TOUCHED_BY_HAND)
        found = set(self._values("select distinct fingerprint from touched"))
        orphan = f"fingerprint not in (select fingerprint from {CLUSTERS})"  # noqa: S608
        if LOCAL in self._tables:  # made again for nothing, should such a group come back
            found |= set(self._values(f"select fingerprint from {LOCAL} where {orphan}"))  # noqa: S608
        if LLM in self._tables:
            # A label that names no posts may be of any: of a group that is no more, nobody can say.
            proven = "list_has_any(regexp_extract_all(evidence, '[0-9a-f]{64}'), $1)"
            named = proven if "evidence" in self._tables[LLM] else "$1 is null"
            nameless = "evidence is null" if "evidence" in self._tables[LLM] else "true"
            sql = f"select fingerprint from {LLM} where {named} or ({nameless} and {orphan})"  # noqa: S608
            hashes = self._values("select url_hash from gone")
            found |= {row[0] for row in self._db.execute(sql, [hashes]).fetchall()}
        return sorted(found)

    def _delete(self, found: Erasure) -> None:
        self._db.execute(
            "create or replace temp table labelled as select unnest($1::varchar[]) as fingerprint",
            [found.fingerprints],
        )
        if FOLDED in self._tables:
            # Copies of what is gone are compared anew: the next build finds which is the first now.
            self._db.execute(
                f"update {FOLDED} set content_hash = '' "  # noqa: S608
                "where duplicate_of in (select url_hash from gone)"
            )
        if self._posts and "raw" in self._tables[self._posts]:
            self._db.execute(_NAMED.format(posts=self._posts))
        for table, columns in self._tables.items():
            if "url_hash" in columns:
                found.rows[table] += self._deleted(table, _IS_GONE)
            elif table in (CLUSTERS, TOPICS):
                number = "topic_id" if table == TOPICS else "cluster_id"
                found.rows[table] += self._leave_out(table, number)
            elif CLUSTERS not in self._tables or table.startswith("bronze"):
                continue
            elif "fingerprint" in columns:
                found.rows[table] += self._deleted(table, _OF_LABEL)
            elif {"cluster_date", "cluster_id"} <= columns:
                found.rows[table] += self._deleted(table, _OF_GROUP)
            elif {"issue_id", "canonical_title"} <= columns:
                found.rows[table] += self._deleted(table, _OF_ISSUE)
        found.rows = +found.rows

    def _leave_out(self, table: str, number: str) -> int:
        """Take the posts out of the groups of all days, and the groups that had no other."""
        [(count,)] = self._db.execute(
            f"select count(*) from (select unnest(members) as member from {table}) "  # noqa: S608
            "where member.url_hash in (select url_hash from gone)"
        ).fetchall()
        more = _NEW_NAME if table == CLUSTERS else ""
        self._db.execute(_EMPTIED.format(table=table, number=number))
        self._db.execute(_LEFT.format(table=table, number=number, more=more))
        return int(count)

    def _deleted(self, table: str, condition: str) -> int:
        [(count,)] = self._db.execute(f"delete from {table} where {condition}").fetchall()  # noqa: S608
        return int(count)

    def _values(self, sql: str) -> list[str]:
        return [row[0] for row in self._db.execute(sql).fetchall()]
