"""Both ComiRec models keep the contract; the capsules of DR share items out among interests."""

from recbole_opal.interests import capsules
from recbole_opal.testing import ModelContract, RoutingContract


class TestComiRecSA(ModelContract):
    model = "ComiRecSA"


class TestComiRecDR(RoutingContract):
    model = "ComiRecDR"

    def item_shares(self, case, monkeypatch):
        seen, couple = [], capsules.couple

        def listen(logits, mask, *rest):
            coupling = couple(logits, mask, *rest)
            seen.append(coupling[mask])
            return coupling

        monkeypatch.setattr(capsules, "couple", listen)
        case.interests(case.histories())
        return seen[-1]
