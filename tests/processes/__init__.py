"""Failed assertions in what the tests share are told as fully as in the tests."""

import pytest

pytest.register_assert_rewrite("tests.processes.play")
