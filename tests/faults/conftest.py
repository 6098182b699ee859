"""Shows what a failed check compared."""

import pytest

pytest.register_assert_rewrite("tests.faults.checks")
