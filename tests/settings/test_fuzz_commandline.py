"""Odd command lines of every command: an answer or one line that tells what is wrong, and soon."""

import contextlib
import io
import random
import signal

import pytest

import recbole_opal
from recbole_opal import cli
from recbole_opal.errors import OpalError
from recbole_opal.host import find_model_class, supported_models
from recbole_opal.host.validation import known_settings, known_to_any_model
from recbole_opal.report.report_command import main as report
from recbole_opal.settings.refused import REFUSED_KEYS

CASES, MORE_CASES = 200, 2000
PATIENCE = 20  # seconds a command may take here, where nothing is trained
# Without the folder that runs are written to: they are, up to where the training would begin.
NAMES = sorted({*known_to_any_model(), *REFUSED_KEYS, "model", "dataset"} - {"checkpoint_dir"})
OWN_FLAGS = [
    "config_files",
    "resume",
    "seeds",
    "tune",
    "tune_seconds",
    "tune_steps",
    "jobs",
    "help",
    "version",
]
MODELS = [
    *supported_models(),
    *["OPAL", "MIND", "Re4", "SASRec", "Pop"] * 4,
    "opal",
    "DIN",
    "BERT4Rec",
    "XGBoost",
    "KGAT",
    "Nobody",
]
VALUES = [
    "", " ", "0", "1", "-1", "2", "50", "007", "0x10", "0x" + "f" * 5000, "1_000", "1e3", "1e-3",
    "1e999", "-1e999", "nan", "inf", ".5", "5.", "1j", "2147483647", "-2147483648", "4294967296",
    "9223372036854775808", "9" * 400, "9" * 5000, "True", "true", "FALSE", "None", "null", "~",
    "no", "[]", "[1]", "[5,10]", "(5,10)", "[1,", "]", "{}", "{1:2}", "{'a':1}", "{a: b}", "{a",
    "[[[[1]]]]", "[" * 60 + "]" * 60, "[" * 3000, "{" * 3000, "(" * 300 + "1" + ")" * 300,
    "[None,True,'a',1.5]", "[-1]", "[1e999]", "['Recall','NDCG']", "Recall", "recall@5",
    "{'split': {'RS': [8,1,1]}}", "{'split': {'LS': 'valid_and_test'}}", "{'split': {'RS': [0]}}",
    "{'split': {'time': [8,1,1]}}", "{'split': {'user': [8,1,1]}}", "{'split': {'last_day': 3}}",
    "{'split': []}", "{'inter': '*'}", "{'inter': ['user_id']}", "{'inter': 5}", "{'link': []}",
    "{'rating': '[1,5]'}", "{'timestamp': '[1,5]'}", "{'timestamp': 'x'}", "[5,inf)", "(3,1]",
    "{'max_norm': 1}", "{'distribution': 'uniform'}", "&a [*a]", "!!python/name:os.system", "<<",
    "{a: &a [1,1,1,1,1,1,1,1], b: &b [*a,*a,*a,*a,*a,*a], c: &c [*b,*b,*b,*b,*b], d: &d "
    "[*c,*c,*c,*c,*c,*c], e: &e [*d,*d,*d,*d,*d,*d], f: [*e,*e,*e,*e,*e,*e]}", "'", '"', "'a", "''",
    "'0'", '"x"', "a b", "a,b", "a=b", "a;b", "a@b", "a:b", "a|b", "$HOME", "`id`", "%s", "{0}",
    "\\", "\\t", "\\n", "\n", "a\nb", "\t", "\r", "\x07", "\x1b[31mred", "\x7f", "\u2028", "\u202e",
    "\ufeff", "\udcff", "\u00e9", "\u65e5\u672c", "\U0001f600", "\u0660", "e\u0301", "x" * 300,
    "x" * 3000, "x y " * 800, "x/" * 1500, "../" * 30 + "x", ".", "..", "/", "./tiny", "tiny/",
    "/dev/null", "/proc/self/mem", "nowhere", "~no-such-user", "~", "data", "log.csv", "more.yaml",
    "tiny", "TINY", "adam", "sgd", "cosine", "CE", "BPR", "cuda", "0,1", "-1,0", "soft", "hard",
    "soft,hard", "hard,soft", "uniform", "full", "utf-16", "utf-8", "cp037", "seconds", "date",
    "user_id", "item_id", "timestamp", "user_id:token", "first", "torch", "faiss", "DEBUG",
]  # fmt: skip
LIKELY = ["0", "1", "2", "16", "0.1", "0.5", "1e-3", "True", "False", "None", "[50]", "[8,8]", "a"]
CONVERT = ["out", "user", "item", "time", "label", "time_unit", "keep", "item_file", "item_key",
           "fields", "list_separator", "separator", "encoding", "names", "quoted", "layout", "rule",
           "overwrite"]  # fmt: skip
DESCRIBE = ["data_path", "dataset", "USER_ID_FIELD", "TIME_FIELD", "encoding", "field_separator"]
SYNTHESIZE = ["users", "items", "categories", "interests", "length", "drift", "skew", "sessions",
              "noise", "seed", "out", "overwrite"]  # fmt: skip


class PassedError(OpalError):
    """Raised where all checks have passed, in the place of the work that would follow."""

    exit_code = 0


class Generator:
    """Draws command lines; equal numbers give equal ones.

    Attributes:
        run_folder: a run folder.
    """

    def __init__(self, number, run):
        self.random, self.run_folder = random.Random(number), run  # noqa: S311

    def command(self):
        """Return a command and its arguments."""
        kind = self.random.choice(["run"] * 5 + ["compare"] * 3 + ["resume"] * 2 + [
            "convert", "describe", "synthesize", "report"])  # fmt: skip
        arguments = getattr(self, kind)()
        if self.random.random() < 0.1:
            arguments.append(self.random.choice([*arguments, *VALUES, "--", "-x", "--=", "--a"]))
        self.random.shuffle(arguments)
        return kind, arguments

    def flag(self, names):
        name = self.random.choice(names)
        if self.random.random() < 0.05:
            name = name[:-1] + self.random.choice("xyz-")
        return f"--{name}={self.random.choice(LIKELY if self.random.random() < 0.5 else VALUES)}"

    def flags(self, names, most=4):
        return [self.flag(names) for _ in range(min(self.random.randint(1, 2), most))]

    def names(self, *models):
        """Return the settings that one of the models knows, or all that there are."""
        if self.random.random() < 0.2:
            return NAMES
        with contextlib.suppress(OpalError):
            known = known_settings(find_model_class(self.random.choice(models)))
            return sorted(known - {"checkpoint_dir"})
        return NAMES

    def base(self, *flags):
        """Return flags that work, but for one now and then."""
        return [flag for flag in flags if self.random.random() < 0.95]

    def run(self):
        model = self.random.choice(MODELS)
        names = self.names(model) if self.random.random() < 0.9 else OWN_FLAGS
        return [*self.base("--dataset=tiny", "--data_path=data", f"--model={model}"),
                *self.flags(names, 2)]  # fmt: skip

    def compare(self):
        models = [self.random.choice(MODELS), self.random.choice(MODELS)]
        names = self.names(*models)
        if self.random.random() < 0.4:
            value = self.random.choice([value for value in VALUES if value])
            models[0] += f"@{self.random.choice(names)}={value}"
        own = [self.flag(OWN_FLAGS)] if self.random.random() < 0.3 else []
        return [*self.base("--dataset=tiny", "--data_path=data", f"--model={','.join(models)}"),
                *self.flags(names, 1), *own]  # fmt: skip

    def resume(self):
        may = ["epochs", "show_progress", "state", "tensorboard", "gpu_id", "use_gpu", "data_path"]
        names = may if self.random.random() < 0.8 else NAMES
        return [*self.base(f"--resume={self.run_folder}"), *self.flags(names, 1)]

    def convert(self):
        good = ["--user=user", "--item=item", "--time=time", "--out=dataset/mine", "log.csv"]
        return [*self.base(*good), *self.flags(CONVERT, 2)]

    def describe(self):
        return [*self.base("tiny", "--data_path=data"), *self.flags(DESCRIBE, 2)]

    def synthesize(self):
        return [*self.base("--out=dataset/drawn"), *self.flags(SYNTHESIZE, 3)]

    def report(self):
        return [self.random.choice([value for value in VALUES if value not in ("~", "..")])]


@pytest.fixture
def place(data_path, tmp_path, monkeypatch):
    """Stand in a folder with data, a log, a yaml file and a run; nothing is trained or drawn."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    (folder / "data").symlink_to(data_path)
    (folder / "log.csv").write_text("user,item,time\na,x,1\nb,y,2\n")
    (folder / "more.yaml").write_text("num_interests: 5\nTIME_FIELD: 007\n")
    plain = {"epochs": 1, "show_progress": False, "tensorboard": False, "use_gpu": False}
    result = recbole_opal.run("Pop", "tiny", data_path="data", **plain)

    def passed(*arguments, **options):
        raise PassedError("all checks have passed.")

    monkeypatch.setattr("recbole_opal.host.trainer.StagedTrainer.fit", passed)
    monkeypatch.setattr("recbole_opal.side_by_side.compare._compare", passed)
    monkeypatch.setattr("recbole_opal.synthesis.synthetic_log.synthesize", passed)
    return str(result.folder)


def answer(kind, arguments):
    """Give a command; return its exit code and what it wrote on standard error."""
    errors = io.StringIO()
    words = arguments if kind in ("run", "compare", "resume") else [kind, *arguments]
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        code = report(arguments) if kind == "report" else cli.main(words)
    return code, errors.getvalue()


def stop(number, frame):
    raise TimeoutError


def check(run, numbers):
    before = signal.signal(signal.SIGALRM, stop)
    codes = set()
    try:
        for number in numbers:
            generator = Generator(number, run)
            kind, arguments = generator.command()
            told = f"case {number}: {kind} {[argument[:200] for argument in arguments]}"
            signal.alarm(PATIENCE)
            try:
                code, errors = answer(kind, arguments)
            except BaseException as error:
                raise AssertionError(told) from error
            finally:
                signal.alarm(0)
            assert code in (0, 1, 2), told
            if code:
                *others, told_last = errors.removesuffix("\n").split("\n")
                usage = kind == "report" and told_last.startswith("usage: ")
                assert told_last.startswith("error: ") or usage, (told, errors)
                assert not others, (told, errors)
                assert len(told_last) < 1600, (told, errors)
                assert told_last.replace("\t", "").isprintable(), (told, errors)
            codes.add(code)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert codes >= {0, 2}


@pytest.mark.posix
def test_odd_command_lines_end_in_one_line(place):
    check(place, range(CASES))


@pytest.mark.posix
@pytest.mark.slow
def test_many_odd_command_lines_end_in_one_line(place):
    check(place, range(CASES, CASES + MORE_CASES))
