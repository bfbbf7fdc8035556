import torch
from torch.nn import functional

from recbole_opal.interests.one_hot import one_hot


def test_it_is_what_torch_gives():
    for shape in ((0,), (7,), (2, 3)):
        classes = torch.randint(0, 5, shape, generator=torch.Generator().manual_seed(0))
        assert torch.equal(one_hot(classes, 5), functional.one_hot(classes, 5))
        assert one_hot(classes, 5).dtype == torch.int64
