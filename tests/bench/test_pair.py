# SPDX-License-Identifier: Apache-2.0
"""Two domains on Skerry and on Xen, the same binary: what each measure must be at most."""

import pytest

import jobs
import measures
import peers
import plan
import table


@pytest.mark.slow
def test_pairs_cost_at_most_half_of_xens():
    if not peers.present(peers.PEERS[table.BY_XL]):
        pytest.skip("make bench-ready")
    own, theirs = (jobs.run(plan.domain_pair(name))[0] for name in ("skerry", table.BY_XL))
    assert set(own) == set(theirs) == {m.name for m in measures.ALL if m.group == "pair"}
    assert [name for name in own if own[name] > theirs[name] * measures.HALF] == []
