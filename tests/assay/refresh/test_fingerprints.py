"""A fingerprint moves with every change of names and contents, and with nothing else."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assay.refresh.fingerprints import content_hash, fingerprint

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
contents = st.binary(max_size=8)
folders = st.dictionaries(names, contents, max_size=5)


def of(folder: dict[str, bytes]) -> str:
    return fingerprint((name, content_hash(content)) for name, content in folder.items())


@given(folders, st.randoms(use_true_random=False))
def test_the_order_in_which_files_come_does_not_count(folder: dict[str, bytes], random) -> None:
    shuffled = list(folder.items())
    random.shuffle(shuffled)
    assert of(dict(shuffled)) == of(folder)


@given(folders, folders)
def test_two_folders_share_a_fingerprint_only_if_they_are_equal(
    one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    assert (of(one) == of(other)) is (one == other)


@given(st.dictionaries(names, contents, min_size=2, max_size=5), st.data())
def test_bytes_that_move_from_one_file_to_the_next_are_a_change(
    folder: dict[str, bytes], data: st.DataObject
) -> None:
    for giver, taker in pairwise(sorted(folder)):
        if not folder[giver]:
            continue
        count = data.draw(st.integers(1, len(folder[giver])))
        moved = folder | {
            giver: folder[giver][:-count],
            taker: folder[giver][-count:] + folder[taker],
        }
        assert b"".join(moved[n] for n in sorted(moved)) == b"".join(
            folder[n] for n in sorted(folder)
        )
        assert of(moved) != of(folder)


@given(folders, names, contents)
def test_a_new_a_renamed_and_a_missing_file_are_changes(
    folder: dict[str, bytes], name: str, content: bytes
) -> None:
    without = {key: value for key, value in folder.items() if key != name}
    assert of(without | {name: content}) != of(without)
    assert of(without | {name: content}) != of(without | {f"{name}x": content})


def test_two_files_that_swap_their_contents_are_a_change() -> None:
    assert of({"a": b"1", "b": b"2"}) != of({"a": b"2", "b": b"1"})


def test_a_name_cannot_pass_for_content() -> None:
    assert of({"ab": b""}) != of({"a": b"b"}) != of({"a": b"", "b": b""})
