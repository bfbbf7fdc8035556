"""Lists chosen from candidates: by score and diversity, or with places for each interest."""

from recbole_opal.reranking.candidates import Candidates, gather
from recbole_opal.reranking.knobs import RULES, Reranking, Rule
from recbole_opal.reranking.rerank import rerank

__all__ = ["RULES", "Candidates", "Reranking", "Rule", "gather", "rerank"]
