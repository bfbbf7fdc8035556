"""Tests that every multi-interest model must pass, yours too; needs pytest.

    from recbole_opal.testing import ModelContract


    class TestMIND(ModelContract):
        model = "MIND"

`model` may be a class of your own. See `ModelContract`; `RoutingContract` is for models that share
the items of a history out among their interests.
"""

import pytest

for _part in ("contract", "devices", "edges", "recency"):
    pytest.register_assert_rewrite(f"recbole_opal.testing.{_part}")

from recbole_opal.testing.case import ContractCase  # noqa: E402
from recbole_opal.testing.contract import ModelContract, RoutingContract  # noqa: E402

__all__ = ["ContractCase", "ModelContract", "RoutingContract"]
