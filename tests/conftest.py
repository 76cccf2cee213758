# SPDX-License-Identifier: Apache-2.0
"""What every folder of tests shares: tests marked `slow` run with `make check-all`."""


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the slow tests too")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; runs with make check-all")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    config.hook.pytest_deselected(items=[i for i in items if "slow" in i.keywords])
    items[:] = [i for i in items if "slow" not in i.keywords]
