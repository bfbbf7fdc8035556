"""Small made files in the layouts of the publishers, and the round trip to atomic files."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from recbole_opal.conversion.layouts.layout import Layout
from recbole_opal.conversion.write import Written, write_dataset

RANDOM = "log_random_4_22_to_5_08_{}.csv"
RAND_HEADER = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,"
    "is_hate,long_view,play_time_ms,duration_ms,profile_stay_time,comment_stay_time,"
    "is_profile_enter,is_rand,tab\n"
)


def rand_row(
    user: str,
    video: str,
    time: int,
    *,
    click: int = 0,
    like: int = 0,
    long: int = 0,
    play: int = 0,
    duration: int = 10_000,
) -> str:
    """One line of a KuaiRand log."""
    return (
        f"{user},{video},20220408,400,{time},{click},{like},0,0,0,0,{long},{play},{duration},"
        "0,0,0,0,1\n"
    )


@pytest.fixture
def convert(tmp_path: Path) -> Callable[..., tuple[pd.DataFrame, pd.DataFrame | None, Written]]:
    """Write the atomic files of a source and read them back as text."""

    def run(
        layout: Layout,
        source: Path,
        rule: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> tuple[pd.DataFrame, pd.DataFrame | None, Written]:
        tables = layout.tables(source, rule or next(iter(layout.rules)), options or {})
        folder = tmp_path / "atomic" / "made"
        folder.parent.mkdir(exist_ok=True)
        written = write_dataset(tables, folder)
        inter = pd.read_csv(folder / "made.inter", sep="\t", dtype=str, keep_default_na=False)
        items = folder / "made.item"
        item = None
        if items.exists():
            item = pd.read_csv(items, sep="\t", dtype=str, keep_default_na=False)
        return inter, item, written

    return run


def write_kuairand(folder: Path, suffix: str) -> list[Path]:
    """All files of one size that are read; two rows are long views, one a like."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = ("_part1", "_part2") if suffix == "27k" else ("",)
    logs = []
    for number, period in enumerate(("4_08_to_4_21", "4_22_to_5_08")):
        for part in parts:
            path = folder / f"log_standard_{period}_{suffix}{part}.csv"
            start = 1_649_400_000_123 + number * 1_209_600_000
            path.write_text(
                RAND_HEADER
                + rand_row("7", f"1{len(logs)}", start, click=1, long=1, play=9_000)
                + rand_row("8", "20", start + 1_000, like=1, play=12_000)
                + rand_row("9", "30", start + 2_000)
            )
            logs.append(path)
    path = folder / RANDOM.format(suffix)
    path.write_text(RAND_HEADER + rand_row("7", "99", 1_651_000_000_000, long=1))
    (folder / f"video_features_basic_{suffix}.csv").write_text(
        "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,"
        "server_width,server_height,music_id,music_type,tag\n"
        '10,441,NORMAL,2020-07-08,ShortImport,1,17200.0,720,1280,9,4,"12,65"\n'
        "11,5,AD,2020-07-08,Long Import,1,,720,1280,9,4,39\n"
        "20,5,NORMAL,2020-07-08,Kmovie,1,900,720,1280,9,4,\n"
        "30,5,NORMAL,2020-07-08,Kmovie,1,900,720,1280,9,4,1\n"
    )
    (folder / f"user_features_{suffix}.csv").write_text("user_id,user_active_degree\n7,full\n")
    return logs


@pytest.fixture
def kuairand() -> Callable[[Path, str], list[Path]]:
    """Write the files of a size of KuaiRand; returns the standard logs."""
    return write_kuairand


@pytest.fixture
def kuairec() -> Callable[[Path], None]:
    """Write KuaiRec, unpacked as published."""

    def write(root: Path) -> None:
        data = root / "KuaiRec 2.0" / "data"
        data.mkdir(parents=True)
        head = "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n"
        (data / "big_matrix.csv").write_text(
            head
            + "0,3649,13838,10867,2020-07-05 00:08:23.438,20200705,1593878903.438,1.27\n"
            + "0,9598,13665,10984,2020-07-05 00:13:41.297,20200705,1593879221.297,2.5\n"
            + "21,5,100,10984,2020-07-05 00:16:06.687,20200705,1593879366.687,0.01\n"
            + "21,3649,40000,10984,,20200705,,3.64\n"
        )
        (data / "small_matrix.csv").write_text(
            head + "14,148,4381,6067,2020-07-05 05:27:48.378,20200705,1593898068.378,2.0\n"
        )
        (data / "item_categories.csv").write_text(
            'video_id,feat\n3649,"[27, 9]"\n9598,[8]\n5,[1]\n148,"[3, 4, 5]"\n'
        )
        names = "video_id,manual_cover_text,caption,topic_tag,first_level_category_id," + (
            "first_level_category_name,second_level_category_id,second_level_category_name,"
            "third_level_category_id,third_level_category_name\n"
        )
        (root / "kuairec_caption_category.csv").write_text(
            names
            + '9598,UNKNOWN,"caption, with\na break",[],8,颜值 x,673,颜值随拍,-124,UNKNOWN\n'
            + "3649,ragged\n"
            + "148,UNKNOWN,,[],3,Pets,4,Dogs,5,Small dogs\n",
            encoding="utf-8",
        )

    return write


@pytest.fixture
def wechat() -> Callable[[Path], None]:
    """Write the WeChat challenge's files."""

    def write(root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        (root / "user_action.csv").write_text(
            "userid,feedid,date_,device,read_comment,comment,like,play,stay,click_avatar,forward,"
            "follow,favorite\n"
            "8,71474,1,1,1,0,0,500,722,0,0,0,0\n"
            "8,73916,1,1,0,0,1,7355,8000,0,0,0,0\n"
            "8,50282,14,1,0,0,0,20000,9000,1,0,0,0\n"
            "9,50282,2,2,0,0,0,9999,9000,0,0,0,0\n"
        )
        (root / "feed_info.csv").write_text(
            "feedid,authorid,videoplayseconds,description,ocr,asr,bgm_song_id,bgm_singer_id,"
            "manual_keyword_list,machine_keyword_list,manual_tag_list,machine_tag_list,"
            "description_char,ocr_char,asr_char\n"
            "71474,1,20,1 2,,,,,,,3;12,3 0.93;12 6.1e-05,,,\n"
            "73916,2,10,,,,,,,,,,,,\n"
            "50282,3,10,,,,,,,,7,,,,\n"
        )
        (root / "test_a.csv").write_text("userid,feedid,device\n8,1,1\n")

    return write


@pytest.fixture
def microvideo() -> Callable[[Path], None]:
    """Write MicroVideo-1.7M's two files."""

    def write(root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        head = "user_id,item_id,cate_id,is_click,timestamp\n"
        (root / "train_data.csv").write_text(
            head + "0,17,3,1,1500000000\n0,18,4,0,1500000060\n1,17,3,1,1500000120\n"
        )
        (root / "test_data.csv").write_text(head + "0,17,9,1,1500090000\n1,2,5,0,1500090001\n")

    return write


@pytest.fixture
def microlens() -> Callable[[Path, str], None]:
    """Write a size of MicroLens, with and without times."""

    def write(root: Path, size: str) -> None:
        root.mkdir(parents=True, exist_ok=True)
        (root / f"MicroLens-{size}_pairs.csv").write_text(
            "user,item,timestamp\n36121,1,1583378629552\n36121,2,1583378699552\n40,1,1584412681021\n"
        )
        (root / f"MicroLens-{size}_pairs.tsv").write_text("36121\t1 2\n40\t1\n")
        (root / "tags_to_summary.csv").write_text("1,Home cooking\n2,Games\n3,Nobody's\n")
        (root / f"MicroLens-{size}_titles.csv").write_text(
            'item,title\n1,"Hey, look # \U0001f600"\n2,one "quote\n'
        )

    return write
