"""In which ways data may be read, by what was seen of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sweeper.cli.init.contents import Contents
from sweeper.cli.init.drafts import MISSING, Argument, Task

LOOKED_FOR = (
    "class folders (root/cat/1.png), COCO (a .json with images, annotations and categories), YOLO (a data.yaml), a "
    "table of images (.csv, .tsv or .parquet), or a local Hugging Face dataset (a snapshot, or of save_to_disk)"
)
_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
"""What folders that part a dataset are usually called."""
_OF_YOLO = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
"""What the class itself looks for."""
_FILES = ("file", "file_name", "filename", "path", "file_path", "image", "image_path", "image_file")
_LABELS = ("label", "class", "class_name", "category", "target")
"""What the columns of tables are usually called, the names that the class itself takes first."""
_HUGGING_FACE = "sweeper.datasets.HuggingFace"
_TABLE = "sweeper.datasets.ImageCsv"


@dataclass(frozen=True)
class Place:
    """An argument that says where the data are: as it is written, and a value to ask with where it is to be filled in.

    A relative path starts at the folder that was looked at.
    """

    argument: Argument
    example: object = None
    is_path: bool = False

    @property
    def asked(self) -> object:
        """The value that the class is asked with."""
        return self.example if self.argument.value == MISSING else self.argument.value


@dataclass(frozen=True)
class Layout:
    """One way in which data may be read; `what` says it to people."""

    target: str
    task: Task
    what: str
    places: tuple[Place, ...]
    otherwise: Layout | None = None
    """How they are read where this way finds that they are not of this kind."""


def layouts(contents: Contents) -> list[Layout]:
    """Every way in which the data may be read; one is what it should be."""
    found = [*_yolo(contents), *_coco(contents), *_hugging_face(contents), *_table(contents)]
    only_a_table = {layout.target for layout in found} == {_TABLE}
    if not found or (only_a_table and len(_tops(contents)) > 1):  # one folder holds the images of the table
        found += _class_folders(contents)
    return found


def parted(contents: Contents) -> list[str]:
    """The folders of a dataset that is parted into training and test data, each with class folders of its own."""
    tops = _tops(contents)
    deep = {folder.split("/")[0] for folder in contents.image_folders if "/" in folder}
    return [top for top in tops if top in deep] if tops and {top.lower() for top in tops} <= _SPLITS else []


def _tops(contents: Contents) -> list[str]:
    """Folders of the folder that hold images, or folders of images."""
    return list(dict.fromkeys(folder.split("/")[0] for folder in contents.image_folders))


def _path(name: str, value: str, comment: str = "") -> Place:
    return Place(Argument(name, value, comment), is_path=True)


def _one_of(name: str, values: Sequence[str], what: str, *, is_path: bool = False) -> Place:
    """The only value, or one that the user has to choose."""
    if len(values) == 1:
        return Place(Argument(name, values[0]), is_path=is_path)
    return Place(Argument(name, MISSING, f"{what}: {', '.join(values)}"), values[0], is_path)


def _yolo(contents: Contents) -> Iterable[Layout]:
    names = [name for name in contents.yolo if contents.is_file or name in _OF_YOLO]
    for name in names[:1]:
        config = [_path("config", name)] if name not in _OF_YOLO or len(names) > 1 else []
        splits = contents.yolo[name]
        split = [_one_of("split", splits, "the data to use")] if splits else []
        yield Layout(
            "sweeper.datasets.Yolo",
            "object_detection",
            f"Images with a file of labels each, as {name} says (YOLO).",
            (_path("root", "."), *config, *split),
        )


def _coco(contents: Contents) -> Iterable[Layout]:
    if not contents.coco:
        return
    files, first = list(contents.coco), next(iter(contents.coco))
    roots = contents.coco[first]
    root = _path("root", roots[0]) if len(roots) == 1 else _open_root(roots)
    yield Layout(
        "sweeper.datasets.Coco",
        "object_detection",
        f"Images and boxes in COCO's format, by {first if len(files) == 1 else f'one of {len(files)} files'}.",
        (root, _one_of("annotations", files, "the file to use", is_path=True)),
    )


def _open_root(roots: Sequence[str]) -> Place:
    shown = f"; its first image is in {', '.join(roots)}" if roots else ""
    return Place(Argument("root", MISSING, f"the folder that the file names start from{shown}"), (*roots, ".")[0], True)


def _hugging_face(contents: Contents) -> Iterable[Layout]:
    if contents.hugging_face is None:
        return
    split = [_one_of("split", contents.hugging_face, "the data to use")] if contents.hugging_face else []
    places = (_path("root", "."), *split)
    what = "A local dataset of Hugging Face."
    boxes = Place(Argument("box_format", MISSING, "how boxes are written; allowed: xywh, xyxy (two corners)"), "xywh")
    of_boxes = Layout(_HUGGING_FACE, "object_detection", what, (*places, boxes))
    yield Layout(_HUGGING_FACE, "image_classification", what, places, of_boxes)


def _table(contents: Contents) -> Iterable[Layout]:
    if contents.tables:
        tables = list(contents.tables)
        columns = contents.tables[tables[0]]
        yield Layout(
            _TABLE,
            "image_classification",
            f"A table of images and their classes{f', {tables[0]}' if len(tables) == 1 else ''}.",
            (
                _path("root", "."),
                _one_of("table", tables, "the table to use", is_path=True),
                *_column("file_column", _FILES, columns, "the column with the paths of the images"),
                *_column("label_column", _LABELS, columns, "the column with the classes"),
            ),
        )


def _column(name: str, usual: Sequence[str], columns: Sequence[str], what: str) -> Iterable[Place]:
    """The column by its usual name; nothing where it is the one that is taken by default."""
    found = [column for column in usual if column in columns]
    if not found:
        yield Place(Argument(name, MISSING, f"{what}: {', '.join(columns)}"), usual[0])
    elif found[0] != usual[0]:
        yield Place(Argument(name, found[0], f"{what}, by its name"))


def _class_folders(contents: Contents) -> list[Layout]:
    if contents.is_file or not contents.image_folders or parted(contents):
        return []
    what = "Images in one folder for each class."
    return [Layout("sweeper.datasets.ImageFolder", "image_classification", what, (_path("root", "."),))]
