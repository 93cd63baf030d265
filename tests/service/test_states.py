"""What is known of files by looking at them."""

from __future__ import annotations

import pytest

from service.states import may_change

SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS


@pytest.mark.parametrize(
    ("changed_ns", "may"),
    [(-HOUR_NS, False), (-SECOND_NS, False), (0, True), (SECOND_NS, True), (3 * SECOND_NS, True), (HOUR_NS, False)],
)
def test_only_what_was_changed_during_a_look_is_looked_at_again(changed_ns: int, may: bool) -> None:
    began_ns = 10**18
    state = (0, began_ns + changed_ns, 1, 1)
    assert may_change(state, began_ns, began_ns + 3 * SECOND_NS) == may
    assert not may_change(None, began_ns, began_ns)
