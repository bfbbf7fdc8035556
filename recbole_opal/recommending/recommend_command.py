"""The command `recommend`: lists for any number of users, into a file or as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown, truth
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path, run_path
from recbole_opal.settings.values import parse_value

if TYPE_CHECKING:
    from recbole_opal.serving.lists import Lists
    from recbole_opal.serving.recommender import Recommender

__all__ = ["main"]

_FLAGS = {
    "histories": "what users met: csv, tsv, .inter or parquet with a row an item, or jsonl or "
    "parquet with a list a user; default: the test users of the run",
    "user": "the raw id of one test user of the run, in the place of --histories",
    "out": ".csv, .jsonl or .parquet, replaced as a whole; default: a table of up to 20 users",
    "k": "items of a list; default: 50",
    "stage": "best on validation, or a stage of the run; default: best",
    "exclude_seen": "False: what a history holds may be recommended too",
    "exclude": "items to leave out: a file with an id a line, or ids as a,b",
    "only": "the items that may be recommended, in the same forms",
    "diversity": "from 0, by score alone; default: 0",
    "rule": "of diversity: categories, mmr or dpp; default: categories",
    "per_interest": "places at least of each interest in use; default: 0",
    "by_share": "part of a list, 0 to 1, that interests share by their shares of the history",
    "unknown": "error: refuse items that the model does not know; default: ignore",
    "retrieval": "the search: torch, faiss, ivf-flat, ivf-pq, hnsw or sq8; default: torch, or the "
    "index of a bundle",
    "retrieval_args": "settings of the search, as {nprobe: 32}",
    "batch_size": "users at a time; default: 1024",
    "user_field": "column of the users; default: that of the run",
    "item_field": "column of the items; default: that of the run",
    "time_field": "column of the times; default: that of the run, if it is there",
    "time_unit": "of times that are numbers; default: that of the run, or judged from them",
}
_READ = ("k", "diversity", "per_interest", "by_share", "batch_size")  # numbers
_SHOWN = 20


def main(argv: Sequence[str]) -> int:
    """Run `recommend`; 0, or 2 after an error, which is one line on standard error."""
    return answer(argv, _help, lambda: _recommend(argv))


def _recommend(argv: Sequence[str]) -> None:
    words, flags = read_arguments(argv, ("exclude_seen",))
    refuse_unknown(flags, _FLAGS, "recommend")
    if len(words) != 1:
        given = f"{len(words)} runs are named" if words else "no run is named"
        raise SettingsError(f"{given}; {_usage()}.")
    folder = run_path(words[0])
    source = checked_path(flags["histories"], "histories") if "histories" in flags else None
    out = _checked_out(flags["out"], source) if "out" in flags else None
    if source is not None and "user" in flags:
        raise SettingsError("--histories and --user both name users; leave one away.")
    wishes = _wishes(flags)
    # Only now: a mistyped argument is told without waiting for torch.
    from recbole_opal.serving.load import load

    recommender = load(
        folder, flags.get("stage", "best"), flags.get("retrieval"), _retrieval_args(flags)
    )
    lists, total = _lists(recommender, source, flags, wishes)
    _tell_unknown("--exclude holds", recommender.ids.numbers(wishes.get("exclude", ()))[1])
    if out is None:
        _show(lists)
    else:
        _write(lists, out, total)


def _lists(
    recommender: Recommender, source: Path | None, flags: Mapping[str, str], wishes: dict[str, Any]
) -> tuple[Iterator[Lists], int | None]:
    """Return the lists, batch by batch, and the number of users, if it is known."""
    from recbole_opal.serving.own_users import own_users
    from recbole_opal.serving.sources import BATCH, Columns, read_histories

    total, histories = None, None
    batch_size = wishes.pop("batch_size", BATCH)
    if source is None:
        histories = own_users(recommender.trained, flags.get("user"))
        total = len(histories.users)
    columns = Columns.of_run(recommender.trained.settings, flags)
    batches = read_histories(
        source if histories is None else histories, batch_size=batch_size, columns=columns
    )
    return recommender.stream(batches, batch_size=batch_size, **wishes), total


def _write(lists: Iterator[Lists], out: Path, total: int | None) -> None:
    """Write the file, say what it holds, and end with its path."""
    from recbole_opal.console.users_bar import UsersProgress
    from recbole_opal.recommending.written_lists import lists_file

    users = popular = 0
    unknown: Counter[str] = Counter()
    with UsersProgress(total) as progress, lists_file(out) as writer:
        for part in lists:
            writer.write(part)
            users += len(part.users)
            popular += int(part.by_popularity.sum())
            unknown.update(part.unknown)
            progress.advance(len(part.users))
    print(f"{users:,} users; by popularity, since no item of theirs is known: {popular:,}")
    _tell_unknown("the histories hold", unknown)
    print(f"lists: {out}")


def _show(lists: Iterator[Lists]) -> None:
    """Print the lists of a few users."""
    from rich.console import Console

    from recbole_opal.recommending.lists_table import lists_table

    parts: list[Lists] = []
    for part in lists:
        parts.append(part)
        if sum(len(each.users) for each in parts) > _SHOWN:
            raise SettingsError(
                f"there are more than {_SHOWN} users; write --out=lists.csv, .jsonl or .parquet."
            )
    screen, unknown = Console(), Counter[str]()
    for part in parts:
        screen.print(lists_table(part))
        unknown.update(part.unknown)
    if not parts:
        print("no user: the histories are empty")
    _tell_unknown("the histories hold", unknown)


def _tell_unknown(who: str, unknown: Counter[str]) -> None:
    from recbole_opal.serving.item_ids import named

    if unknown:
        print(f"{who} {named(unknown)}; left out")


def _checked_out(text: str, source: Path | None) -> Path:
    from recbole_opal.recommending.written_lists import writer_of

    out = checked_path(text, "out")
    writer_of(out)
    if out.is_dir() or not out.parent.is_dir():
        what = f"{out} is a folder" if out.is_dir() else f"the folder {out.parent} is not there"
        raise SettingsError(f"--out={text}: {what}; name a file in a folder that is.")
    if source is not None and out.exists() and source.exists() and out.samefile(source):
        raise SettingsError(f"--out={text} would replace the histories; name another file.")
    return out


def _wishes(flags: Mapping[str, str]) -> dict[str, Any]:
    """Return what `Recommender.stream` takes; it checks the values."""
    from recbole_opal.recommending.item_list import item_list

    wishes: dict[str, Any] = {name: parse_value(flags[name]) for name in _READ if name in flags}
    wishes |= {name: flags[name] for name in ("rule", "unknown") if name in flags}
    wishes |= {name: item_list(flags[name], name) for name in ("exclude", "only") if name in flags}
    return wishes | {"exclude_seen": truth(flags, "exclude_seen", True)}


def _retrieval_args(flags: Mapping[str, str]) -> dict[str, Any] | None:
    value = parse_value(flags["retrieval_args"]) if "retrieval_args" in flags else None
    if value is not None and not isinstance(value, dict):
        raise SettingsError(
            f"--retrieval_args={flags['retrieval_args']} is no mapping; write for example "
            '--retrieval_args="{nprobe: 32}".'
        )
    return value


def _usage() -> str:
    return f"usage: {command(name='recommend')} RUN [--histories=FILE] [--out=FILE] [--k=50]"


def _help() -> str:
    return "\n".join([_usage(), "", *(f"  --{name}: {told}" for name, told in _FLAGS.items())])
