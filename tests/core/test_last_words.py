"""Of two reports the later holds, whoever's clock is ahead; and which fills a report counts already."""

from __future__ import annotations

import pytest

from core.last_words import LastWord
from tests.support.builders import SECOND


def pushed(word: LastWord, said: int, *, received: int | None = None, timed: bool = True) -> bool:
    venue_time_ns = said if timed else None
    return word.takes(asked_ns=None, venue_time_ns=venue_time_ns, received_ns=said if received is None else received)


def answered(word: LastWord, asked: int, *, said: int | None = None) -> bool:
    return word.takes(asked_ns=asked, venue_time_ns=said, received_ns=asked + SECOND)


@pytest.mark.parametrize(("received", "holds"), [(99, True), (100, True), (101, False)])
def test_an_answer_holds_unless_something_was_pushed_since_the_question(received: int, holds: bool) -> None:
    word = LastWord()
    assert pushed(word, 50, received=received)
    assert answered(word, 100) is holds


@pytest.mark.parametrize(("asked", "holds"), [(99, False), (100, True), (101, True)])
def test_of_two_answers_that_of_the_later_question_holds(asked: int, holds: bool) -> None:
    word = LastWord()
    assert answered(word, 100)
    assert answered(word, asked) is holds


@pytest.mark.parametrize(("said", "holds"), [(99, False), (100, True), (101, True)])
def test_of_two_pushes_that_of_the_later_venue_time_holds(said: int, holds: bool) -> None:
    word = LastWord()
    assert pushed(word, 100, received=500)
    assert pushed(word, said, received=600) is holds
    assert word.covers_ns == max(100, said)


@pytest.mark.parametrize(("late", "holds"), [(5 * SECOND, True), (5 * SECOND + 1, False)])
def test_a_push_that_is_much_older_than_the_last_question_was_in_its_answer(late: int, holds: bool) -> None:
    word, asked = LastWord(), 100 * SECOND
    assert answered(word, asked)
    assert pushed(word, asked - late, received=asked) is holds
    assert word.covers_ns == (asked - late if holds else asked)


def test_a_push_without_a_time_is_of_the_moment_it_came() -> None:
    word = LastWord()
    assert pushed(word, 100, timed=False)
    assert not pushed(word, 99)
    assert word.covers_ns == 100


@pytest.mark.parametrize(("said", "covers"), [(None, 100), (40, 100), (160, 160)])
def test_an_answer_counts_what_happened_before_it_was_asked_for_and_what_it_says_itself(
    said: int | None, covers: int
) -> None:
    word = LastWord()
    assert answered(word, 100, said=said)
    assert word.covers_ns == covers
    assert pushed(word, said or 1) is True, "by the venue's own time it is no older"


def test_whatever_its_time_the_first_word_is_taken() -> None:
    assert pushed(LastWord(), 0)
    assert answered(LastWord(), 0)
