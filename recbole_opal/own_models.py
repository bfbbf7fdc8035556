"""Models that are not ours: found by `package.module:Class` or `file.py:Class`, and named so."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from recbole_opal.errors import SettingsError

__all__ = [
    "address_of",
    "class_at",
    "is_address",
    "is_ours",
    "lineage",
    "name_of",
    "refuse_while_importing",
    "source_digests",
    "why_without_address",
]

_OURS = ("recbole_opal.", "recbole.")
_INSTALLED = [sysconfig.get_path(kind) for kind in ("purelib", "platlib", "stdlib")]
_loading: list[str] = []  # addresses whose modules are being imported


def is_address(model: str) -> bool:
    """Tell whether a model is named by the place of its class, and not by one of our names."""
    return ":" in model


def name_of(model: str) -> str:
    """Return the name of a model's class."""
    return model.rpartition(":")[2]


def class_at(address: str, setting: str = "model") -> type[Any]:
    """Return the class at `package.module:Class` or `file.py:Class`; its module is imported."""
    place, _, name = address.rpartition(":")
    if not place or not name.isidentifier():
        raise _refusal(setting, address, "is no place of a class", "write package.module:Class")
    _loading.append(address)
    try:
        load = _file_module if place.endswith(".py") else _named_module
        module = load(place, setting)
    except SettingsError:
        raise
    except Exception as error:  # whatever stands in that module
        reason = f"{type(error).__name__}: {error}"
        raise _refusal(setting, address, f"cannot be imported ({reason})", "correct it") from error
    finally:
        _loading.pop()
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = {each: value for each, value in vars(module).items() if isinstance(value, type)}
        own = [each for each, value in classes.items() if value.__module__ == module.__name__]
        held = ", ".join(own) or "none"
        raise _refusal(
            setting, address, f"names no class there (it holds {held})", "correct the name"
        )
    return found


def refuse_while_importing() -> None:
    """Refuse a run that a model's own file starts when it is imported for another run."""
    if _loading:
        raise SettingsError(
            f"{_loading[-1].rpartition(':')[0]} starts a run whenever it is imported, as it is "
            'here for its model; put what it does behind `if __name__ == "__main__":`.'
        )


def is_ours(model: type[Any]) -> bool:
    """Tell whether a model's class is found by its name: ours and RecBole's are."""
    return model.__module__.startswith(_OURS)


def lineage(model: type[Any]) -> tuple[type[Any], ...]:
    """Return a class and its ancestors; of a recommender around a network, the network's."""
    return getattr(model, "network_class", model).__mro__


def why_without_address(model: type[Any]) -> str | None:
    """Return why no other process can find a class; None if one can."""
    if "." in model.__qualname__:
        return "is made inside a function or another class"
    return "was typed into a session" if _file_of(model) is None else None


def address_of(model: type[Any], example: str = "my_model.py") -> str:
    """Return what another process finds a class by: its file, or its module if it is installed."""
    why = why_without_address(model)
    if why is not None:
        raise SettingsError(
            f"the class {model.__name__} {why}, where no other process finds it; put it into a "
            f"file of its own, for example {example}, and import it from there."
        )
    path = Path(str(sys.modules[model.__module__].__file__)).resolve()
    if any(path.is_relative_to(Path(place).resolve()) for place in _INSTALLED):
        return f"{model.__module__}:{model.__name__}"
    return f"{path}:{model.__name__}"


def source_digests(*classes: type[Any]) -> dict[str, str]:
    """Return the SHA-256 of the files that classes and their ancestors stand in, by class.

    Of ours and RecBole's the version tells.
    """
    found: dict[str, str] = {}
    for ancestor in [ancestor for each in classes for ancestor in lineage(each)]:
        file = _file_of(ancestor)
        if file is not None and not ancestor.__module__.startswith((*_OURS, "torch.")):
            found[ancestor.__name__] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def _file_of(model: type[Any]) -> Path | None:
    file = getattr(sys.modules.get(model.__module__), "__file__", None)
    return Path(file) if file is not None and Path(file).is_file() else None


def _named_module(name: str, setting: str) -> ModuleType:
    with _standing_here():
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise SettingsError(
                f"--{setting}={name}:...: there is no module {error.name}; start where it lies, "
                f"install it, or name its file, as --{setting}=folder/file.py:Class."
            ) from error


def _file_module(path: str, setting: str) -> ModuleType:
    """Import a file, once however it is named; it may import its neighbours and its package."""
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise SettingsError(f"--{setting}={path}:...: there is no file {file}; check the path.")
    this = file.stat()
    for module in list(sys.modules.values()):
        known = getattr(module, "__file__", None)
        if known and module.__name__ != "__main__" and _is_file(known, file, this):
            return module
    root, name = file.parent, file.stem
    while (root / "__init__.py").is_file():
        root, name = root.parent, f"{root.name}.{name}"
    with _standing_here(root):
        if "." in name:
            return importlib.import_module(name)
        # A name of its own: the file's may be that of another module, or of a file elsewhere.
        place = hashlib.sha256(str(file).encode()).hexdigest()[:12]
        # Of a file `.py` there is always one.
        spec: Any = importlib.util.spec_from_file_location(f"own_model_{name}_{place}", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[module.__name__]
            raise
    return module


def _is_file(known: str, file: Path, this: os.stat_result) -> bool:
    """Tell whether a module's file is a resolved one; to resolve all of 4,000 takes 0.3 s."""
    with suppress(OSError, ValueError):  # gone since, or no file at all
        return os.path.samestat(os.stat(known), this) and Path(known).resolve() == file  # noqa: PTH116
    return False


@contextmanager
def _standing_here(*folders: Path) -> Iterator[None]:
    """Let the block import from the working folder, as `python -m` does and a script does not."""
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in (*folders, Path.cwd())]
    try:
        yield
    finally:
        sys.path[:] = before


def _refusal(setting: str, address: str, problem: str, fix: str) -> SettingsError:
    return SettingsError(f"--{setting}={address} {problem}; {fix}.")
