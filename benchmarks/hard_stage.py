"""Enter the hard stage from the soft weights of a finished run, under other settings.

    python benchmarks/hard_stage.py saved/OPAL-kuairand-pure-... --epochs=6 --unique_weight=0

One line: validation recall at entry and after each epoch, and the test metrics of the best epoch.
Many variants can so be compared from the very same soft weights. The GRU starts anew from the
run's seed.
"""

import sys
import tempfile
from pathlib import Path

from recbole.utils import init_seed

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.host import quiet_deprecations
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import OPAL
from recbole_opal.host.trainer import TwoStageTrainer
from recbole_opal.runs import RunReader
from recbole_opal.settings.values import parse_value


def main() -> None:
    """Train the hard stage once and print what came out."""
    folder = RunReader.open(Path(sys.argv[1]))
    texts = dict(flag.removeprefix("--").split("=", 1) for flag in sys.argv[2:])
    changes = {name: parse_value(text) for name, text in texts.items()}
    with tempfile.TemporaryDirectory() as place, quiet_deprecations():
        fixed = {"stages": ["hard"], "tensorboard": False, "checkpoint_dir": place}
        config = OpalConfig.from_plain(folder.load_yaml("config.yaml") | fixed | changes)
        init_seed(config["seed"], config["reproducibility"])
        data = prepare_data(config, future_items=True)
        model = OPAL(config, data.dataset)
        fresh, soft = model.state_dict(), folder.load_weights("soft")
        kept = {n: v for n, v in soft.items() if n in fresh and "evolution" not in n}
        model.load_state_dict(fresh | kept)
        trainer = TwoStageTrainer(config, model.to(config["device"]))
        trainer.eval_collector.data_collect(data.train)
        metric = trainer.loop.metric
        entry = trainer.evaluate(data.valid, load_best_model=False)[metric]
        trainer.fit(data.train, data.valid)
        course = [f"{row['valid'][metric]:.4f}" for row in trainer.loop.history]
        test = trainer.evaluate(data.test, load_best_model=False)
    print(
        f"{' '.join(sys.argv[2:]) or 'as it was'}: valid {metric} entry {entry:.4f}, epochs",
        *course,
    )
    print("  test of the best epoch:", {name: round(value, 4) for name, value in test.items()})


if __name__ == "__main__":
    main()
