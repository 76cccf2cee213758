# SPDX-License-Identifier: Apache-2.0
# Runs the programs that the folders beside have added to UNIT_TESTS. Included
# behind them.

unit: $(UNIT_TESTS)
	@$(PYTHON) tests/unit/run.py $(sort $(UNIT_TESTS))
