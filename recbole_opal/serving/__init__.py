"""A trained model in use: recommend, explain, export; knows no RecBole and no data set."""

from recbole_opal.serving.explanation import Explanation
from recbole_opal.serving.lists import Lists
from recbole_opal.serving.load import load
from recbole_opal.serving.recommender import Recommender

__all__ = ["Explanation", "Lists", "Recommender", "load"]
