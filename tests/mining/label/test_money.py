"""What is talk of money and what only looks like it."""

import pytest

from assay.mining.label.money import MAX_SENTENCE, speaks_of_money, would_pay
from tests.mining.label.posts import member


@pytest.mark.parametrize(
    "text",
    [
        "We would happily pay for this.",
        "is there any paid tool that does it",
        "this is costing us customers",
        "The vendor quoted us $2,000 a month",
        "takes me six hours every week",
        "The hosted plan is €29/month per seat.",
        "We lost $400 in refunds to it.",
        "I\u2019d pay for a fix.",
        "Our bill went from $90.50 to 2k dollars.",
        "It costs us a day of work.",
        "We are losing customers over it.",
    ],
)
def test_talk_of_money_or_lost_hours_is_a_sign_of_paying(text: str) -> None:
    assert speaks_of_money(text)
    assert would_pay([member(text=text), member(text=text)]) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay attention to the order",
        "the payload is empty",
        "select * from users where id = $1 and org = $2",
        "Our function runs `echo $1` and I pass $HOME",
        "we run $(git rev-parse HEAD) and $ npm install",
        "I set ${5} in the template and it costs time",
        "China has a $590B problem with unpaid bills",
        "The company we know was sold for $3 million, a price too low",
        "I would not pay for this.",
        "Nobody would pay for it, it should be free of charge",
        "The free tier is $0 a month",
        "Is there a commercial or technical reason?",
    ],
)
def test_other_talk_is_none(text: str) -> None:
    assert not speaks_of_money(text)
    assert would_pay([member(text=text)] * 3) == ""


def test_one_voice_among_many_is_not_enough_to_pay() -> None:
    pays = "I would pay for it"
    assert would_pay([member(text=pays)] + [member()] * 9) == ""
    assert would_pay([member(text=pays)] * 2 + [member()] * 18) == pays
    assert would_pay([member(text=pays)] * 2 + [member()] * 19) == ""


def test_one_person_is_one_voice_however_often_they_would_pay() -> None:
    loud = [member(text="I would pay for it", person="ann")] * 6
    others = [member(person=f"other {number}") for number in range(8)]
    assert would_pay(loud + others) == ""
    assert would_pay(loud) == "I would pay for it"


def test_the_plainest_sentence_is_shown_and_cut() -> None:
    posts = [
        member(text="It takes two hours a week."),
        member(text="Here it is the same. We would pay real money for a cure. Soon."),
    ]
    assert would_pay(posts) == "We would pay real money for a cure."
    assert len(would_pay([member(text="I would pay for it, " + "so " * 300)])) <= MAX_SENTENCE
