"""What goes wrong about an account, met with inverse contracts: in contracts of US dollars, and in coins.

What a venue answers whatever the contract is (its limits, and the terms of what it lists) is tried with linear ones.
"""

from __future__ import annotations

from tests.faults.test_every_account import (
    test_a_contract_that_only_lets_positions_close_and_then_is_gone,
    test_a_fill_in_parts_is_the_sum_of_its_parts,
    test_a_key_that_expires_is_said_to_be_and_is_not_shown,
    test_a_position_mode_that_another_client_sets_is_seen_and_kept_to,
    test_an_order_whose_answer_an_earlier_run_lost_is_executed_once,
    test_what_comes_early_late_or_never_is_told_once,
    test_what_the_venue_closes_is_no_order_of_ours,
)
from tests.support.kept import Kind, cases, every

__all__ = [
    "test_a_contract_that_only_lets_positions_close_and_then_is_gone",
    "test_a_fill_in_parts_is_the_sum_of_its_parts",
    "test_a_key_that_expires_is_said_to_be_and_is_not_shown",
    "test_a_position_mode_that_another_client_sets_is_seen_and_kept_to",
    "test_an_order_whose_answer_an_earlier_run_lost_is_executed_once",
    "test_what_comes_early_late_or_never_is_told_once",
    "test_what_the_venue_closes_is_no_order_of_ours",
]

pytestmark = every(cases(Kind.INVERSE))
