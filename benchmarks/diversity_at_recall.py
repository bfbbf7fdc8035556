"""How diverse OPAL's lists are where they find as much as a control's, and the other way round.

    python run_opal.py --dataset=ml-100k --model=OPAL,OPAL@num_interests=1,YouTubeDNN --seeds=1,2
    python benchmarks/diversity_at_recall.py saved/comparison-ml-100k-...

The final stage of the comparison's first row is re-ranked and set against the plain lists of every
model of one vector: as diverse as these, by ComiRec's rule with some lambda; finding as much as
these, by that rule, and by sharing places out among the interests. Between two settings of a knob
recall, diversity and coverage are taken to change in a straight line. The last line has both
re-ranked by that rule: the mean difference over all the diversity that both reach. Nothing is
trained, and nothing chosen: how far a knob is turned is told by the control. Means over the seeds;
intervals of 95 % over users, whose values are means over seeds.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.text_tables import as_interval
from recbole_opal.evaluation.ranking import Recall
from recbole_opal.models import MODELS
from recbole_opal.report.equal_diversity import at_equal_diversity
from recbole_opal.report.served_run import ServedRun
from recbole_opal.report.tradeoffs import TradeoffCurve, tradeoff_curves
from recbole_opal.statistics.paired import paired_differences

LENGTH, ALL_USERS = 50, 10**9
DIVERSITY, COVERAGE = f"category_diversity@{LENGTH}", f"coverage@{LENGTH}"
KNOBS = {"diversity": "by the rule", "by_share": "by shares"}
HEADER = ("lists", "recall", "less the control's", "category diversity", "coverage", "knob")


def main() -> None:
    """Print a table for each model of one vector in each comparison folder of the command."""
    for folder in sys.argv[1:]:
        comparison = ComparisonResult.load(folder)
        final = {row.variant: row for row in comparison.rows}  # the last stage of each
        first, *others = final.values()
        several = curves_of(comparison, first)
        for row in others:
            if row.interests == 1 and row.model in MODELS:
                control = curves_of(comparison, row)["diversity"]
                tell(several, control, f"{comparison.dataset}: {row.label}")


def curves_of(comparison, row):
    """Return a row's curve of each knob: recall of each user and all else as means over seeds."""
    found = []
    for path in comparison.run_folders(row).values():
        run = ServedRun.read(comparison.open_run(path), row.stage, ALL_USERS)
        if run.training.categories is None:
            raise SystemExit(f"{comparison.dataset} was trained without categories of its items.")
        found.append(tradeoff_curves(run, Recall(), LENGTH, ["diversity", "by_share"]))
    return {knob: mean_of([curves[knob] for curves in found]) for knob in found[0]}


def mean_of(curves):
    """Return the mean of curves of one knob and the same users."""
    recall = np.mean([curve.accuracy for curve in curves], axis=0)
    others = {
        name: np.mean([curve.diversity[name] for curve in curves], axis=0)
        for name in (DIVERSITY, COVERAGE)
    }
    first = curves[0]
    return TradeoffCurve(first.knob, first.settings, first.tokens, recall, others)


def tell(several, control, title):
    """Print the control, the plain lists, those re-ranked, and the two curves as wholes."""
    recall, diversity = control.means[0], control.diversity[DIVERSITY][0]
    coverage = control.diversity[COVERAGE][0]
    print(f"\n{title}\n")
    show(*HEADER)
    show("---", *["---:"] * 5)
    show("control", f"{recall:.4f}", "", f"{diversity:.4f}", f"{coverage:.4f}", "")
    by_rule, by_share = several["diversity"], several["by_share"]
    tell_at(0.0, "plain", by_rule, control)
    tell_at(place_of(diversity - by_rule.diversity[DIVERSITY]), "as diverse", by_rule, control)
    for curve in (by_rule, by_share):
        name, place = "finding as much", place_of(curve.means - recall)
        if curve.means[0] < recall:
            place = None
        elif place is None:
            name, place = "finding more to the end", len(curve.settings) - 1.0
        tell_at(place, f"{name}, {KNOBS[curve.knob]}", curve, control)
    both = at_equal_diversity(by_rule, control, DIVERSITY)
    if both is not None:
        reach = f"{both.low:.3f} to {both.high:.3f}"
        show("both re-ranked", "", interval(both.whole), reach, "", "")


def tell_at(place, name, curve, control):
    """Print what a curve's lists are at a place of it."""
    if place is None:
        show(name, *["nowhere"] * 5)
        return
    users, *others, value = (
        between(values, place)
        for values in (curve.accuracy, *curve.diversity.values(), np.array(curve.settings))
    )
    gap = paired_differences({"": users}, {"": control.accuracy[0]})[""]
    told = [f"{each:.4f}" for each in others]
    show(name, f"{np.nanmean(users):.4f}", interval(gap), *told, f"{value:.3f}")


def place_of(excess):
    """Return where (P,) values first are no longer above 0, None: nowhere; 1.5 is between two."""
    below = np.flatnonzero(excess <= 0)
    if len(below) == 0:
        return None
    right = below[0]
    if right == 0:
        return 0.0
    return right - 1 + excess[right - 1] / (excess[right - 1] - excess[right])


def between(values, place):
    """Return what (P, ...) values are at a place, in a straight line between two."""
    left = min(int(place), len(values) - 2)
    return (1 - (place - left)) * values[left] + (place - left) * values[left + 1]


def show(*cells):
    """Print a row of a table in Markdown."""
    print(f"| {' | '.join(cells)} |")


def interval(gap):
    """Return a difference with its interval."""
    return f"{gap.difference:+.4f} {as_interval(gap.low, gap.high)}"


if __name__ == "__main__":
    main()
