# SPDX-License-Identifier: Apache-2.0
# The SPIN models of the protocols that keep no lock. run.py says what is checked.

.PHONY: models
models: ##  Check the models of wake-ups, flushes and mailboxes, and that each mutant fails
	@$(PYTHON) tests/models/run.py
