"""MLLMGuard's folders become cases: pairs, options, names in another case, sheets of any encoding."""

from tests_support.benchmark import HEADER, draw, privacy_folder, write_sheet

from guardrank.benchmark.tasks import read_tasks

NOISE = ("Image", "Prompt", "Answer", "Jailbreak Type", "Lan", "Category I", "Category II")
NOISE_ROW = ("1.png", "cat or dog? A. cat B. dog", "A", "噪声一致性", "zh", "Truthfulness", "Noise Consistency")
POSITION = ("Image", "Reverse Image", "Prompt", "Jailbreak Type", "Lan", "Category I", "Category II")


def kinds(tasks):
    return sorted((problem.place, problem.kind) for problem in tasks.problems)


def test_a_row_is_a_case(tmp_path):
    tasks = read_tasks(str(privacy_folder(tmp_path, 3)))
    first = tasks.cases[0]
    assert len(tasks.cases) == 3 and not tasks.problems
    assert (first.task, first.images, first.dimension) == ("privacy", ("privacy/imgs/0000.png",), "privacy")
    assert (first.subtask, first.lang, first.attack) == ("personal-privacy", "en", "disguise")


def test_a_task_folder_by_itself_is_read_too(tmp_path):
    tasks = read_tasks(str(privacy_folder(tmp_path) / "privacy"))
    assert tasks.cases[0].images == ("imgs/0000.png",)
    assert tasks.cases[0].task == "privacy"


def test_hallucination_prompts_go_out_free_and_with_options(tmp_path):
    draw(tmp_path / "hallucination" / "imgs" / "1.png")
    header = ("Image", "Prompt", "Options", *HEADER[2:])
    row = ("1.png", "What colour is the dog?", "A. red B. blue", "", "en", "Truthfulness", "Hallucination")
    write_sheet(tmp_path / "hallucination", [row], header)
    free, chosen = read_tasks(str(tmp_path)).cases
    assert (free.prompt, free.options) == ("What colour is the dog?", None)
    assert chosen.prompt == "What colour is the dog?\nA. red B. blue"
    assert chosen.options == {"A": "red", "B": "blue"}


def test_noise_rows_are_pairs_where_the_noisy_image_is_there(tmp_path):
    for name in ("1.png", "1_noise.png", "2.png"):
        draw(tmp_path / "noise-injection" / "imgs" / name)
    rows = [NOISE_ROW, ("2.png", *NOISE_ROW[1:])]
    write_sheet(tmp_path / "noise-injection", rows, NOISE)
    tasks = read_tasks(str(tmp_path))
    clean, noisy, alone = tasks.cases
    assert (clean.role, noisy.role, alone.role) == ("clean", "noisy", None)
    assert clean.pair == noisy.pair == clean.id
    assert noisy.images == ("noise-injection/imgs/1_noise.png",)
    assert (noisy.answer, noisy.options) == ("A", {"A": "cat", "B": "dog"})
    assert clean.attack == "noise-injection" and not tasks.problems


def test_position_rows_are_pairs_and_one_without_the_other_image_is_told(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        draw(tmp_path / "position-swapping" / "imgs" / name)
    tail = ("Which is better? Answer A or B", "", "en", "Truthfulness", "Position Swapping")
    write_sheet(tmp_path / "position-swapping", [("1.png", "2.png", *tail), ("3.png", "", *tail)], POSITION)
    tasks = read_tasks(str(tmp_path))
    assert [case.role for case in tasks.cases] == ["first", "swapped", None]
    assert tasks.cases[1].images == ("position-swapping/imgs/2.png",)
    assert kinds(tasks) == [("position-swapping/prompt.csv:3", "no_reverse_image")]


def test_every_oddity_is_named_and_none_stops_the_rest(tmp_path):
    folder = tmp_path / "privacy"
    for name in ("a.png", "B.PNG", "spare.png"):
        draw(folder / "imgs" / name)
    tail = ("Disguise", "en", "Privacy", "Trade Secret")
    rows = [
        ("a.png", "fine,\nwith a line break", *tail),
        ("b.png", "another case", *tail),
        ("a.png", "fine,\nwith a line break", *tail),
        ("a.png", "", *tail),
        ("a.png", "of no dimension", "Disguise", "en", "Cookery", "Soup"),
    ]
    write_sheet(folder, rows)
    tasks = read_tasks(str(tmp_path))
    assert [case.images[0] for case in tasks.cases] == ["privacy/imgs/a.png", "privacy/imgs/B.PNG"]
    assert kinds(tasks) == [
        ("privacy/imgs/spare.png", "unused_image"),
        ("privacy/prompt.csv:4", "image_case"),
        ("privacy/prompt.csv:5", "duplicate"),
        ("privacy/prompt.csv:7", "odd_row"),
        ("privacy/prompt.csv:8", "odd_row"),
    ]


def test_sheets_with_a_mark_or_in_gbk_are_read(tmp_path):
    row = ("1.png", "这是谁？", "Disguise", "中文", "Privacy", "Personal Privacy")
    for task, encoding in (("privacy", "utf-8-sig"), ("toxicity", "gbk")):
        draw(tmp_path / task / "imgs" / "1.png")
        own = row if task == "privacy" else (*row[:4], "Toxicity", "Hate Speech")
        write_sheet(tmp_path / task, [own], encoding=encoding)
    tasks = read_tasks(str(tmp_path))
    assert [(case.prompt, case.lang) for case in tasks.cases] == [("这是谁？", "zh")] * 2
    assert kinds(tasks) == [("toxicity/prompt.csv", "encoding")]


def test_ids_stay_when_the_sheet_grows(tmp_path):
    before = [case.id for case in read_tasks(str(privacy_folder(tmp_path, 3))).cases]
    draw(tmp_path / "privacy" / "imgs" / "zz.png")
    sheet = tmp_path / "privacy" / "prompt.csv"
    lines = sheet.read_text().splitlines()
    sheet.write_text("\n".join([lines[0], "zz.png,New?,Disguise,en,Privacy,Trade Secret", *lines[1:]]))
    assert [case.id for case in read_tasks(str(tmp_path)).cases][1:] == before


def test_the_real_sheets_are_read_whole(shared_data):
    tasks = read_tasks(str(shared_data / "mllmguard_folders"))
    assert {case.task for case in tasks.cases} == {
        "bias",
        "hallucination",
        "legality",
        "noise-injection",
        "noise-injection-zh-en",
        "position-swapping",
        "privacy",
        "toxicity",
    }
    assert not [problem for problem in tasks.problems if problem.kind in ("odd_row", "unreadable_sheet")]
    assert {case.lang for case in tasks.cases} == {"ar", "en", "fr", "zh"}
    assert all(case.answer for case in tasks.cases if case.subtask == "noise-consistency")
