"""The models of this library, by the name `--model` takes."""

from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.models.cmi import CMI
from recbole_opal.models.comirec import ComiRecDR, ComiRecSA
from recbole_opal.models.dssrec import DSSRec
from recbole_opal.models.mind import MIND
from recbole_opal.models.opal import OPAL
from recbole_opal.models.pimi import PIMI
from recbole_opal.models.re4 import Re4
from recbole_opal.models.remi import REMI
from recbole_opal.models.youtubednn import YouTubeDNN

__all__ = [
    "CMI",
    "MIND",
    "MODELS",
    "OPAL",
    "PIMI",
    "REMI",
    "ComiRecDR",
    "ComiRecSA",
    "DSSRec",
    "MultiInterestRecommender",
    "Re4",
    "YouTubeDNN",
]

MODELS: dict[str, type[MultiInterestRecommender]] = {
    model.__name__: model
    for model in (OPAL, MIND, ComiRecDR, ComiRecSA, PIMI, Re4, REMI, CMI, DSSRec, YouTubeDNN)
}
