# SPDX-License-Identifier: Apache-2.0
"""Every lint rule holds for the tree."""

import pytest

import rules
import tree


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_tree(rule):
    found = [f"{path}:{line}: {text}" for path, line, text in rule(tree.sources())]
    assert not found, "\n" + "\n".join(found)
