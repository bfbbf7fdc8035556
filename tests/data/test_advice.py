"""Each message about a data set is followed to the letter, as in a shell, until it works."""

import bz2
import gzip
import lzma
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from recbole_opal.conversion.convert_command import main as convert
from recbole_opal.data.folder_check import check_data_folder
from recbole_opal.errors import OpalError
from recbole_opal.host.categories import item_categories
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.settings.commandline import parse_arguments

COLUMNS = ["user_id:token", "item_id:token", "timestamp:float"]
FLAG = re.compile(r"""--\w+=(?:"[^"]*"|[^\s;,"]+)""")
COMMAND = re.compile(r"`([^`]+)`")
TYPED_HEADER = re.compile(
    r"(?:as name:type|above this line, for example)[,]? ?([^ ]+(?: [^ ]+:\w+)*?)(?:, and |\.$)"
)


def log(users=6, length=12, time=lambda step: 1_600_000_000 + 3600 * step):
    return [
        [f"u{user}", f"i{(user + step) % 20}", str(time(step))]
        for user in range(users)
        for step in range(length)
    ]


def text_of(rows, columns=COLUMNS, separator="\t"):
    return "".join(
        separator.join(map(str, row)) + "\n" for row in ([columns] if columns else []) + rows
    )


RATED = [[*row[:2], "4", row[2]] for row in log()]
ISO = log(time=lambda step: f"2021-01-01 00:00:{step:02d}")
ITEMS = "item_id:token\ttag:token\n" + "".join(f"i{item}\tt{item % 3}\n" for item in range(20))
BROKEN = {
    **{
        f"columns divided by {separator!r}": ({"inter": text_of(log(), separator=separator)}, [])
        for separator in ",;| "
    },
    "tabs where commas were named": ({"inter": text_of(log())}, ["--field_separator=,"]),
    "a plain csv": (
        {"inter": text_of(log(), ["user_id", "item_id", "timestamp"], ",")},
        [],
    ),
    "a tsv without types": ({"inter": text_of(log(), ["user_id", "item_id", "timestamp"])}, []),
    "a csv with other names": ({"inter": text_of(log(), ["userId", "movieId", "time"], ",")}, []),
    "a csv with quotes": (
        {
            "inter": text_of(
                [
                    [f'"{cell}"' for cell in row]
                    for row in [["user_id", "item_id", "timestamp"], *log()]
                ],
                None,
                ",",
            )
        },
        [],
    ),
    "no header": ({"inter": text_of(log(), None)}, []),
    "no header, with ratings": ({"inter": text_of(RATED, None)}, []),
    "no header, with commas": ({"inter": text_of(RATED, None, ",")}, []),
    "ISO times": ({"inter": text_of(ISO)}, []),
    "ISO times, typed as words": ({"inter": text_of(ISO, [*COLUMNS[:2], "timestamp:token"])}, []),
    "ISO times and commas": ({"inter": text_of(ISO, separator=",")}, []),
    "numbers typed as words": ({"inter": text_of(log(), [*COLUMNS[:2], "timestamp:token"])}, []),
    "times typed as a list": ({"inter": text_of(log(), [*COLUMNS[:2], "timestamp:float_seq"])}, []),
    "users typed as a list": ({"inter": text_of(log(), ["user_id:token_seq", *COLUMNS[1:]])}, []),
    "items typed as a list": (
        {"inter": text_of(log(), [COLUMNS[0], "item_id:token_seq", COLUMNS[2]])},
        [],
    ),
    "users typed as numbers": ({"inter": text_of(log(), ["user_id:float", *COLUMNS[1:]])}, []),
    "another name of the users": (
        {"inter": text_of(log(), ["uid:token", *COLUMNS[1:]])},
        ["--USER_ID_FIELD=uid"],
    ),
    "a misspelt name of the users": ({"inter": text_of(log(), ["userid:token", *COLUMNS[1:]])}, []),
    "another name of the users in load_col": (
        {"inter": text_of(log(), ["uid:token", *COLUMNS[1:]])},
        ["--USER_ID_FIELD=uid", "--load_col={'inter': ['user_id', 'item_id', 'timestamp']}"],
    ),
    "load_col without the log": (
        {"inter": text_of(log()), "item": ITEMS},
        ["--load_col={'item': ['item_id', 'tag']}"],
    ),
    "load_col without the items' ids": (
        {"inter": text_of(log()), "item": ITEMS},
        ["--load_col={'inter': ['user_id', 'item_id', 'timestamp'], 'item': ['tag']}"],
    ),
    "no item file": ({"inter": text_of(log())}, ["--category_field=tag"]),
    "categories as numbers": (
        {
            "inter": text_of(log()),
            "item": re.sub(r"\tt", "\t", ITEMS.replace("tag:token", "tag:float")).replace(
                "\tag", "\ttag"
            ),
        },
        ["--category_field=tag"],
    ),
    "a column that is not there": (
        {"inter": text_of(log())},
        ["--load_col={'inter': ['user_id', 'item_id', 'timestamp', 'price']}"],
    ),
    "categories that are not there": (
        {"inter": text_of(log()), "item": ITEMS},
        ["--category_field=genre"],
    ),
    "words where numbers are filtered": (
        {"inter": text_of(RATED, [*COLUMNS[:2], "rating:token", COLUMNS[2]])},
        [
            "--val_interval={'rating': '[3,inf)'}",
            "--load_col={'inter': ['user_id', 'item_id', 'timestamp', 'rating']}",
        ],
    ),
    "a filter over a column that is not read": (
        {"inter": text_of(RATED, [*COLUMNS[:2], "rating:float", COLUMNS[2]])},
        ["--val_interval={'rating': '[3,inf)'}"],
    ),
    "gzip": ({"inter": gzip.compress(text_of(log()).encode())}, []),
    "bzip2": ({"inter": bz2.compress(text_of(log()).encode())}, []),
    "xz": ({"inter": lzma.compress(text_of(log()).encode())}, []),
    "packed beside": ({"inter.gz": gzip.compress(text_of(log()).encode())}, []),
    "UTF-16": ({"inter": text_of(log()).encode("utf-16")}, []),
    "latin letters": ({"inter": text_of([*log(), ["é", "i1", "1600000000"]]).encode("cp1252")}, []),
    "days that are one": (
        {"inter": text_of(log())},
        ["--eval_args={'split': {'last_day': {'min_days': 0}}}"],
    ),
    "users of too few days": (
        {"inter": text_of(log(time=lambda step: 1_600_000_000 + 86400 * step))},
        ["--eval_args={'split': {'last_day': {'min_days': 30}}}"],
    ),
    "cuts before the log": (
        {"inter": text_of(log())},
        ["--eval_args={'split': {'time': {'cuts': [1, 2]}}}"],
    ),
    "users of five rows": ({"inter": text_of(log(users=30, length=5))}, []),
    "users of three rows, one left out": (
        {"inter": text_of(log(length=3))},
        ["--eval_args={'split': {'LS': 'valid_and_test'}}"],
    ),
    "users who repeat one item": (
        {"inter": text_of([[row[0], "i0", row[2]] for row in log()])},
        [],
    ),
    "users among the items": (
        {
            "inter": text_of(log()),
            "item": "item_id:token\tuser_id:token\n"
            + "".join(f"i{item}\tu1\n" for item in range(20)),
        },
        ["--load_col=None"],
    ),
    "a list of items among the users": (
        {
            "inter": text_of(log()),
            "user": "user_id:token\titem_id:token_seq\n"
            + "".join(f"u{user}\ti1 i2\n" for user in range(6)),
        },
        ["--load_col={'inter': ['user_id', 'item_id', 'timestamp'], 'user': '*'}"],
    ),
    "items without a row": (
        {"inter": text_of(log()), "item": "item_id:token\ttag:token\nx\ty\n"},
        ["--category_field=tag"],
    ),
}


def attempt(folder, flags):
    request = parse_arguments([f"--{name}={value}" for name, value in flags.items()])
    config = OpalConfig(request.model, request.dataset, {"use_gpu": False} | request.settings)
    data = prepare_data(config, future_items=False)
    item_categories(data.dataset, config["category_field"])
    return data


def follow(message, folder, flags):
    """Do what a message says; return whether there was anything to do."""
    path = folder / flags["dataset"] / f"{flags['dataset']}.inter"
    before = dict(flags)
    for command in COMMAND.findall(message):
        if " convert " in command:
            words = shlex.split(command)
            assert words[:4] == ["python", "-m", "recbole_opal", "convert"]
            assert convert(words[4:]) == 0
            flags["dataset"] = next(word for word in words if word.startswith("--out=")).rpartition(
                "/"
            )[2]
            flags.pop("field_separator", None)
        else:
            subprocess.run([shutil.which("bash"), "-c", command], check=True, cwd=folder)
        return True
    header = TYPED_HEADER.search(message)
    if header:
        lines = path.read_text().splitlines(keepends=True)
        kept = lines if "above this line" in message else lines[1:]
        path.write_text("".join([header[1] + "\n", *kept]))
    column = re.search(
        r"write (?:the column|it) as (\w+):(\w+)(?: in the first line of the \.(\w+))?", message
    )
    if column and not header:
        target = path.with_suffix(f".{column[3]}") if column[3] else path
        target.write_text(
            re.sub(rf"\b{column[1]}:\w+", f"{column[1]}:{column[2]}", target.read_text(), count=1)
        )
    write = message.partition(": " if "; " not in message else "; ")[2]
    write = (
        message[message.rfind("write ") :]
        if "write -" in message or "Then write" in message
        else write
    )
    for flag in FLAG.findall(write):
        name, _, value = shlex.split(flag)[0].removeprefix("--").partition("=")
        flags[name] = value.rstrip(".")
    if " Then " in message or re.search("example --(encoding|[A-Z_]+)=", message):
        name, value = re.findall(r"--(\w+)=([\w\-]+)", message)[-1]
        flags[name] = value
    return bool(header or column or flags != before)


@pytest.mark.parametrize("kind", BROKEN)
def test_what_a_message_says_works(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    files, given = BROKEN[kind]
    folder = tmp_path / "data"
    (folder / "tiny").mkdir(parents=True)
    for ending, content in files.items():
        target = folder / "tiny" / f"tiny.{ending}"
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    flags = {"dataset": "tiny", "data_path": str(folder), "model": "Pop"}
    flags |= dict(flag.removeprefix("--").split("=", 1) for flag in given)
    messages = []
    while True:
        try:
            data = attempt(folder, flags)
            break
        except OpalError as error:
            message = str(error)
        assert "\n" not in message
        assert message not in messages, messages
        messages.append(message)
        assert len(messages) < 5, messages
        assert follow(message, folder, flags), message
    assert data.counts["users"] in (6, 7, 30)
    assert messages or kind == "another name of the users"
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "split", [{"RS": [8, 1, 1]}, {"LS": "valid_and_test"}, {"time": [8, 1, 1]}]
)
def test_users_of_one_row_are_told_without_filters_that_are_not_there(make_config, split):
    rows = [(f"u{row}", f"i{row % 7}", 1_600_000_000 + row) for row in range(70)]
    with pytest.raises(OpalError) as caught:
        prepare_data(make_config(rows, "Pop", eval_args={"split": split}), future_items=False)
    assert "its users have 1 interaction at most" in str(caught.value)
    assert "--USER_ID_FIELD=user_id names the users." in str(caught.value)
    assert "filter" not in str(caught.value)


def test_ids_keep_their_text(make_dataset):
    ids = ["12.0", "1e5", "007", "7", "0x1", "nan", "NA"]
    rows = [(user, item, time) for user in ids for time, item in enumerate(ids)]
    dataset = make_dataset(rows)
    for field in ("user_id", "item_id"):
        assert set(dataset.field2id_token[field][1:]) == set(ids)


def test_a_log_of_users_and_items_alone_is_converted_by_its_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m/m.inter").write_text("user_id:token\titem_id:token\na\tx\na\ty\n")
    columns = ["user_id", "item_id", "timestamp"]
    with pytest.raises(OpalError) as caught:
        check_data_folder(Path("m"), "m", columns)
    command = str(caught.value).split("`")[1].partition(" convert ")[2]
    assert convert(shlex.split(command)) == 0
    check_data_folder(Path("m-converted"), "m-converted", columns)
    assert "time_unit: order" in (tmp_path / "m-converted/m-converted.yaml").read_text()
