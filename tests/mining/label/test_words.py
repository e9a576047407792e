"""Title, description and quotes: chosen from what the issue's people wrote, nothing else."""

from dataclasses import replace

from assay.mining.label.description import MAX_QUOTE, describe, quotes
from assay.mining.label.member import people, share_of_people
from assay.mining.label.terms import Weights, fold, term_set, terms, weights
from assay.mining.label.title import MAX_TITLE, choose_title, shortened
from tests.mining.label.posts import DAY, EXPORTS, member

WEIGHED = weights(EXPORTS, DAY)


def test_words_weigh_by_who_shares_them_and_who_else_uses_them() -> None:
    assert max(WEIGHED, key=lambda term: WEIGHED[term]) == "export"
    assert WEIGHED["export"] > WEIGHED["ledgerly"] > WEIGHED["file"], "three, two and one say it"
    assert WEIGHED["love"] == 0, "one of three people says it"
    assert "the" not in WEIGHED and "50" not in WEIGHED
    often = weights([member("It fails", person="a"), member("App fails", person="b")], DAY)
    assert often["fail"] < WEIGHED["export"]


def test_one_person_who_says_a_word_often_is_one_voice() -> None:
    loud = [member("Widget hangs", person="ann")] * 5 + [
        member("Export hangs", person=who) for who in ("bob", "cid")
    ]
    found = weights(loud, DAY)
    assert found["widget"] == 0 and found["export"] > 0
    assert people(loud) == 3 and people([member(), member()]) == 2
    assert share_of_people(loud, lambda post: "Widget" in post.title) == 1 / 3


def test_spellings_of_a_word_are_one_term() -> None:
    assert terms("Queries, query and indexes; C++ in Node.js") == [
        "query",
        "query",
        "index",
        "c++",
        "node.js",
    ]
    assert fold("4f2d7e10-aa31") == fold("2,000") == fold("I") == ""
    assert fold("status") == "status" and fold("class") == "class"


def test_the_title_is_the_statement_that_holds_the_issues_words() -> None:
    title, because = choose_title(EXPORTS, WEIGHED)
    assert title == "Ledgerly invoice export loses the last row"
    assert "stackoverflow" in because and "export" in because


def test_no_etiquette_no_first_person_and_no_thread_names_an_issue() -> None:
    posts = [
        member("Is it OK to ping maintainers about webhook retries?", person="a"),
        member("I am so tired of webhook retries", person="b"),
        member("Weekly discussion thread: webhook retries", person="c"),
        member("Webhook retries arrive twice after a timeout", person="d"),
    ]
    assert choose_title(posts, weights(posts, DAY))[0] == posts[3].title


def test_a_question_of_how_becomes_a_statement() -> None:
    posts = [member("Ask HN: How do you rotate signing keys without downtime?")]
    assert choose_title(posts, weights(posts, DAY))[0] == "Rotating signing keys without downtime"


def test_the_repository_that_all_share_stands_behind_a_title_without_it() -> None:
    posts = [member("Cache never expires", person=who, place="squirrel") for who in "abc"]
    weighed = weights(posts, DAY)
    assert choose_title(posts, weighed)[0] == "Cache never expires (squirrel)"
    mixed = [replace(post, place=f"p{number}") for number, post in enumerate(posts)]
    assert choose_title(mixed, weighed)[0] == "Cache never expires"


def test_posts_without_a_word_have_a_title_still() -> None:
    assert choose_title([member("")], Weights())[0] == "Untitled"
    assert choose_title([member("Help")], Weights())[0] == "Help"


def test_a_long_title_is_cut_at_a_word_and_marked() -> None:
    cut = shortened("word " * 50)
    assert len(cut) <= MAX_TITLE and cut.endswith("word…")
    assert len(shortened("x" * 500)) == MAX_TITLE


def test_the_description_stands_by_itself_and_is_in_the_evidence() -> None:
    described, _ = describe(EXPORTS, WEIGHED, "Ledgerly invoice export loses the last row")
    assert described.startswith("The invoice export of Ledgerly 4.2 drops the last row")
    evidence = " ".join(post.words for post in EXPORTS)
    assert set(terms(described)) <= set(terms(evidence))
    for no in ("Hi all", "This is", "It worked", "I have"):
        assert no not in described


def test_two_sentences_are_one_persons_in_the_order_of_the_post() -> None:
    posts = [
        member(
            "Invoice export drops rows",
            "The invoice export of Ledgerly fails on a full page, and its last row is missing. "
            "Every export since the update has the invoice total of a row that the file lacks.",
            person="ann",
        ),
        member(
            "Rows of an invoice are lost",
            "An export of an invoice in another layout fails with an error at row nine of ten.",
            person="bob",
        ),
    ]
    described, _ = describe(posts, weights(posts, DAY), "Invoice export drops rows")
    assert described == posts[0].text


def test_a_sentence_that_ends_with_a_bracket_or_a_quote_ends_with_a_stop() -> None:
    posts = [member("Export of an invoice fails with error 'no row' (Ledgerly 4.2)")]
    described, _ = describe(posts, weights(posts, DAY), "Export")
    assert described == "Export of an invoice fails with error 'no row' (Ledgerly 4.2)."


def test_a_story_in_the_first_person_is_told_where_there_is_nothing_else() -> None:
    posts = [member("Help", "I lost every draft of mine when Notely updated itself.", person="a")]
    described, _ = describe(posts, weights(posts, DAY), "Help")
    assert described == "I lost every draft of mine when Notely updated itself."


def test_without_a_sentence_the_description_is_the_title() -> None:
    assert describe([member("Help")], Weights(), "Help")[0] == "Help."


def test_quotes_are_word_for_word_of_three_people_on_three_sites() -> None:
    found = quotes(EXPORTS, WEIGHED)
    assert {quote.source for quote in found} == {"github", "stackoverflow", "reddit"}
    for quote in found:
        post = next(post for post in EXPORTS if post.url == quote.url)
        assert quote.text in post.words and quote.source == post.source


def test_nobody_is_quoted_twice_and_long_quotes_are_cut() -> None:
    same = [replace(post, person="ann") for post in EXPORTS]
    assert len(quotes(same, WEIGHED)) == 1
    long = [member("Export", "Export " + "of a very long invoiceword " * 7 + "x" * 200, person="a")]
    assert all(len(quote.text) <= MAX_QUOTE for quote in quotes(long, weights(long, DAY)))


def test_what_is_covered_grows_with_the_issues_words() -> None:
    nothing, little, much = map(term_set, ("so it is", "export", "invoice export of the last row"))
    assert WEIGHED.covered(nothing) == Weights().covered(little) == 0
    assert 0 < WEIGHED.covered(little) < WEIGHED.covered(much)
