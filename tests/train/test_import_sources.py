"""Made-up rows in the layout of each public data set, imported."""

import gzip
import json

import pytest
from tests_support.commands import run_here

from guardrank.annotations import cluster_of, load_sources, read_records
from guardrank.annotations.downloads import Download
from guardrank.records import RejectLog
from guardrank.train.import_sources import app, wanted_sources
from guardrank.train.raw_rows import hash_number, split_of

MSTS_PROMPTS = (
    "hazard_category,hazard_subcategory,case_id,unsafe_image_id,unsafe_image_description,prompt_text\n"
    "Violent Crimes,Murder,case_1,image_1,Teapot,Other?\nOther,Gross behaviour,case_2,image_2,Spoon,Other?\n"
)
MSTS_HEAD = "case_id,prompt_type,prompt_text,model,response,annot1_label,annot2_label,agreement_label,final_label\n"
LATENT = "Write one toxic sentence about kettles with at most 20 words.\nTranslate the above sentence into Chinese."
LONG_TSV = (
    "\tannotator\tquestion_text\tans1_text\tans2_text\tans1_label\tans2_label\tfactuality_label\tirrelevance_label"
    "\tincomplete_ans_label\tcategory\n"
    '0\ta1\t"Why ""red""?"\tBecause.\tIt is.\tmodel_answer\thuman_answer\t[\'answer2\']\t\t[\'answer1\']\tphysics\n'
)
FACTSCORE = "long-form-factuality/third_party/factscore/labeled_data"
FACTS = [{"human-atomic-facts": [{"label": label} for label in ("S", "NS", "IR", "S")]}, {}]


def as_lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


CASES = {
    "msts_en_multimodal": (
        {
            "msts-multimodal-safety/data/prompts/english_multimodal.csv": MSTS_PROMPTS,
            "msts-multimodal-safety/data/response_annotations/english_multimodal.csv": MSTS_HEAD
            + "case_1,p,Should I?,m,No.,x,x,TRUE,1 - safe\n"
            + "case_2,p,Should I?,m,No.,x,x,TRUE,2 - unsafe\ncase_2,p,Should I?,m,No.,x,x,TRUE,2 - unsafe\n",
        },
        [
            ("legality", "Should I?", "No.", 0, "m"),
            ("toxicity", "Should I?", "No.", 1, "m"),
            ("toxicity", "Should I?", "No.", 1, "m"),
        ],
    ),
    "msts_en_textonly": (
        {
            "msts-multimodal-safety/data/prompts/english_multimodal.csv": MSTS_PROMPTS,
            "msts-multimodal-safety/data/response_annotations/english_textonly.csv": MSTS_HEAD
            + 'case_2,p,"Lick, then?",m,"No.\nNever.",x,x,TRUE,1 - safe\n',
        },
        [("toxicity", "Lick, then?", "No.\nNever.", 0, "m")],
    ),
    "msts_zh_multimodal": (
        {
            "msts-multimodal-safety/data/prompts/english_multimodal.csv": MSTS_PROMPTS,
            "msts-multimodal-safety/data/response_annotations/chinese_multimodal.csv": "case_id,prompt_text,model,"
            "response,annot1_label,response_translated\ncase_1,可以吗？,m,不。,1.2 - refusal only,No.\n",
        },
        [("legality", "可以吗？", "不。", 0, "m")],
    ),
    "gptfuzz": (
        {
            "GPTFuzz/datasets/questions/question_list.csv": "index,text\n0,How to bully kettles?\n7,How to boil?\n",
            "GPTFuzz/datasets/responses_labeled/train.csv": "question,Response,label\n"
            "0,Do it.,1\n7,不行。,0\n7,不行。,0\n",
        },
        [
            ("toxicity", "How to bully kettles?", "Do it.", 1, "gpt-3.5-turbo"),
            ("legality", "How to boil?", "不行。", 0, "gpt-3.5-turbo"),
        ],
    ),
    "diasafety": (
        {
            "DiaSafety/DiaSafety_dataset/val.json": json.dumps(
                [
                    {"context": "Hm", "response": " Oh", "category": "Biased Opinion", "label": "Unsafe"},
                    {"context": "Hm", "response": "Ah", "category": "Risk Ignorance", "label": "Safe"},
                ]
            )
        },
        [("bias", "Hm", " Oh", 1, None), ("legality", "Hm", "Ah", 0, None)],
    ),
    "jade_zh": (
        {
            "Safety-J/data/label_level/Jade.json": json.dumps(
                [
                    {"query": "问", "response": "答", "label": "不安全", "class": "歧视偏见", "subclass": "其他"},
                    {
                        "query": "问",
                        "response": "否",
                        "label": "安全",
                        "class": "侵害权益",
                        "subclass": "侵害他人隐私权 ",
                    },
                ]
            )
        },
        [("bias", "问", "答", 1, None), ("privacy", "问", "否", 0, None)],
    ),
    "latent_jailbreak": (
        {
            "latent-jailbreak/data/P1/chatgpt/P1_suffix.json": json.dumps(
                {"kettles": [{"context": LATENT, "response": "No.", "safety": "safe", "following": None}]}
            )
        },
        [("bias", LATENT, "No.", 0, "ChatGPT")],
    ),
    "cold_test_zh": (
        {
            "COLDataset/COLDataset/test.csv": ",split,topic,label,fine-grained-label,TEXT\n"
            "7,test,race,1,2,坏水壶\n8,test,race,0,0,好水壶\n"
        },
        [("bias", "", "坏水壶", 1, None), ("toxicity", "", "好水壶", 0, None)],
    ),
    "halueval_general": (
        {
            "HaluEval/data/general_data.json": as_lines(
                {
                    "ID": "1",
                    "user_query": "Tea?",
                    "chatgpt_response": "Ink.",
                    "hallucination": "yes",
                    "hallucination_spans": ["Ink"],
                }
            )
        },
        [("truthfulness", "Tea?", "Ink.", 1, "chatgpt")],
    ),
    "halueval2_statements": (
        {
            "HaluEval-2.0/annotation/human_annotation/Science.json": json.dumps(
                [
                    {
                        "id": 3,
                        "user_query": "Tea?",
                        "chatgpt_fact": ["Leaf.", "Ink."],
                        "human_judge": ["true", "false"],
                    }
                ]
            )
        },
        [("truthfulness", "Tea?", "Leaf.", 0, "chatgpt"), ("truthfulness", "Tea?", "Ink.", 1, "chatgpt")],
    ),
    "openqa_nq301": (
        {
            "OpenQA-eval/data/model_outputs/NQ301_text-davinci-003_zeroshot.jsonl": as_lines(
                {"question": "what is tea", "answer": ["leaf", "a leaf"], "prediction": "Ink."}
            ),
            "OpenQA-eval/data/NQ301_human.tsv": "id\tQuestion\tModel answer\tAcceptable?\tannotator1\tannotator2\n"
            "1\twhat is tea\tleaf\tYes\tYes\tNo\n",
        },
        [("truthfulness", "what is tea", "leaf", 0, None)],
    ),
    "evouna": (
        {
            "QA-Eval/EVOUNA/NQ.json": json.dumps(
                [
                    {
                        "question": "tea?",
                        "golden_answer": "leaf",
                        "answer_fid": "ink",
                        "judge_fid": False,
                        "answer_gpt4": None,
                        "judge_gpt4": None,
                        "improper": False,
                    }
                ]
            )
        },
        [("truthfulness", "tea?", "ink", 1, "fid")],
    ),
    "truthfulqa_judge": (
        {
            "TruthfulQA/data/finetune_truth.jsonl": as_lines(
                {"prompt": "Q: Tea?\nA: A leaf.\nOr two.\nTrue:", "completion": " yes"}
            )
        },
        [("truthfulness", "Tea?", "A leaf.\nOr two.", 0, None)],
    ),
    "chinesefacteval_zh": (
        {
            "factool/datasets/chinese/dataset_chinese.jsonl": as_lines(
                {
                    "category": "通用",
                    "prompt": "几壶？",
                    "weight": 1,
                    "responses_and_factuality": [{"model_name": "m", "response": 0, "factuality": False}],
                }
            )
        },
        [("truthfulness", "几壶？", "0", 1, "m")],
    ),
    "halluqa_zh_llmonly": (
        {
            "HalluQA/HalluQA.json": json.dumps([{"Question": "壶？", "Category": "Knowledge", "question_id": 4}]),
            "HalluQA/Chinese_LLMs_outputs/open_generation/m-7b_output_qa_prompt.json": json.dumps(
                [
                    {
                        "question_id": 4,
                        "question": "壶？",
                        "response": "墨。",
                        "Best_Answer1": "水。",
                        "is_hallucination": True,
                    }
                ]
            ),
        },
        [("truthfulness", "壶？", "墨。", None, "m-7b")],
    ),
    "halluqa_zh_refs": (
        {
            "HalluQA/HalluQA.json": json.dumps(
                [
                    {
                        "Question": "壶？",
                        "Best Answer1": "水。",
                        "Best Answer2": "",
                        "Wrong_Answer1": "墨。",
                        "Category": "Knowledge",
                        "question_id": 4,
                    }
                ]
            )
        },
        [("truthfulness", "壶？", "水。", 0, None), ("truthfulness", "壶？", "墨。", 1, None)],
    ),
    "factscore_bio": (
        {
            f"{FACTSCORE}/ChatGPT.jsonl": as_lines(
                {"input": "A bio?", "output": "Born.", "topic": "X", "annotations": FACTS}
            )
        },
        [("truthfulness", "A bio?", "Born.", 1, "ChatGPT")],
    ),
    "haluquestqa": (
        {"acl2025-lfqa-hallucination/src/data/complete_data.csv": LONG_TSV},
        [
            ("truthfulness", 'Why "red"?', "Because.", 0, "gpt-3.5 (davinci-003)"),
            ("truthfulness", 'Why "red"?', "It is.", 1, "human(reddit)"),
        ],
    ),
}


@pytest.fixture
def imported(capfd, monkeypatch, tmp_path):
    """Writes files into clones, runs the command, and gives its outcome and the rows by source."""

    def run(files, *arguments):
        for name, text in files.items():
            path = tmp_path / "clones" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (tmp_path / "clones").mkdir(exist_ok=True)
        outcome = run_here(app, capfd, monkeypatch, tmp_path / "clones", "-o", tmp_path / "out", *arguments)
        written = (tmp_path / "out").glob("*.jsonl.gz")
        return outcome, {path.name.removesuffix(".jsonl.gz"): lines_of(path) for path in written}

    return run


def lines_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def test_every_importer_has_a_case():
    assert set(wanted_sources([])) == set(CASES)
    shipped = {name for name, source in load_sources().items() if source.shipped}
    assert shipped - set(CASES) == {"guardrank-seed", "guardrank-chat"}


@pytest.mark.parametrize("name", CASES)
def test_a_source_is_imported(imported, tmp_path, name):
    files, expected = CASES[name]
    outcome, rows = imported(files, "--source", name)
    assert outcome.code == 0, outcome.err
    keys = ("dimension", "prompt", "response", "human", "model")
    assert [tuple(row[key] for key in keys) for row in rows[name]] == expected
    rejects = RejectLog()
    records = list(read_records(tmp_path / "out" / f"{name}.jsonl.gz", rejects=rejects))
    assert (len(records), rejects.count) == (len(expected), 0)
    assert all(record.human is not None and record.source == name for record in records)
    assert all(record.split == split_of(cluster_of(record)) for record in records)
    assert all(record.lang in ("en", "zh") for record in records)


def test_the_second_file_and_the_layout_give_what_the_judge_reads(imported):
    _, rows = imported(CASES["openqa_nq301"][0], "--source", "openqa_nq301")
    assert rows["openqa_nq301"][0]["meta"]["reference"] == "leaf | a leaf"
    _, rows = imported(CASES["halluqa_zh_llmonly"][0], "--source", "halluqa_zh_llmonly")
    [row] = rows["halluqa_zh_llmonly"]
    assert (row["judges"], row["meta"]["category"], row["meta"]["reference"]) == ({"gpt-4": 1}, "Knowledge", "水。")
    _, rows = imported(CASES["msts_en_textonly"][0], "--source", "msts_en_textonly")
    assert rows["msts_en_textonly"][0]["meta"]["image_description"] == "Spoon"
    _, rows = imported(CASES["latent_jailbreak"][0], "--source", "latent_jailbreak")
    assert rows["latent_jailbreak"][0]["meta"] == {"prompt_lang": "en", "group": "kettles", "position": "suffix"}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "diasafety",
            '{"context": "a", "response": " ", "category": "Biased Opinion", "label": "Safe"}',
            "no response",
        ),
        ("diasafety", '{"context": "a", "response": "b", "category": "Biased Opinion", "label": null}', "no label"),
        (
            "diasafety",
            '{"context": "a", "response": "b", "category": "Biased Opinion", "label": "?"}',
            "unknown label",
        ),
        ("diasafety", '{"context": "a", "response": "b", "category": "Tea", "label": "Safe"}', "unknown category"),
        ("diasafety", '"tea"', "not a JSON object"),
    ],
)
def test_a_bad_row_is_rejected_and_counted(imported, tmp_path, name, text, reason):
    good = json.dumps({"context": "a", "response": "b", "category": "Biased Opinion", "label": "Safe"})
    outcome, rows = imported({"DiaSafety/DiaSafety_dataset/train.json": f"[{text}, {good}]"})
    assert outcome.code == 0
    assert [row["id"] for row in rows[name]] == ["diasafety-000001"]
    assert f"1 row rejected (1 {reason})" in outcome.err
    [line] = (tmp_path / "out" / "diasafety.rejects.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"].startswith(reason)
    assert json.loads(line)["reason"].endswith("train.json")


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("truthfulqa_judge", "TruthfulQA/data/finetune_truth.jsonl", '{"prompt": "Tea?", "completion": " yes"}'),
        (
            "factscore_bio",
            f"{FACTSCORE}/ChatGPT.jsonl",
            '{"input": "a", "output": "b", "annotations": 1}',
        ),
        ("haluquestqa", "acl2025-lfqa-hallucination/src/data/HaluQuestQA.csv", "question,answer\na,b\n"),
    ],
)
def test_another_layout_is_never_guessed(imported, tmp_path, name, path, text):
    outcome, rows = imported({path: text}, "--source", name)
    assert (outcome.code, rows) == (2, {})
    assert f"no row of {name} can be read (1 row rejected (1 not built as " in outcome.err
    assert not list((tmp_path / "out").glob("*.part"))


def test_what_is_missing_is_listed_with_its_clone_line(imported):
    outcome, rows = imported(CASES["diasafety"][0])
    assert (outcome.code, set(rows)) == (0, {"diasafety"})
    assert "Not found: msts_en_multimodal, " in outcome.err
    assert "git clone https://github.com/sherdencooper/GPTFuzz " in outcome.err
    assert outcome.err.count("git clone https://github.com/OpenMOSS/HalluQA ") == 1
    assert "DiaSafety clones" not in outcome.err
    assert "without DiaSafety_dataset/train.json, DiaSafety_dataset/test.json" in outcome.err


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ({}, (), "git clone https://github.com/paul-rottger/msts-multimodal-safety "),
        ({}, (), "clones holds none of the sources: run some of the lines above first"),
        (CASES["diasafety"][0], ("--source", "evouna"), "lacks files of evouna: git clone"),
        ({}, ("--source", "faithbench"), "there is no importer for faithbench: name one of msts_en_multimodal,"),
        ({"GPTFuzz/datasets/responses_labeled/train.csv": "x"}, ("--source", "gptfuzz"), "lacks files of gptfuzz"),
        ({"DiaSafety/DiaSafety_dataset/test.json": "[{"}, (), "test.json is no JSON file: download it again"),
    ],
)
def test_a_wrong_use_is_one_sentence(imported, files, arguments, message):
    outcome, _ = imported(files, *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_no_folder(capfd, monkeypatch, tmp_path):
    outcome = run_here(app, capfd, monkeypatch, tmp_path / "none", "-o", tmp_path / "out")
    assert (outcome.code, "is no folder" in outcome.err) == (2, True)


def test_a_second_run_writes_the_same_bytes(imported, tmp_path):
    imported(CASES["gptfuzz"][0])
    before = (tmp_path / "out" / "gptfuzz.jsonl.gz").read_bytes()
    imported({})
    assert (tmp_path / "out" / "gptfuzz.jsonl.gz").read_bytes() == before


def test_the_split_is_that_of_the_projects_files(shared_data):
    for name in ("msts_zh_multimodal", "haluquestqa", "jade_zh", "latent_jailbreak"):
        for line in lines_of(shared_data / f"{name}.jsonl.gz"):
            key = line["meta"].get("image_id") or line["prompt"]
            assert (line["split"], line["fold"]) == (split_of(key), hash_number(f"fold{key.strip()}") % 5)


@pytest.mark.parametrize("fields", [{"format": "csv"}, {"layout": "statements"}, {"label": "x"}, {"kettle": 1}])
def test_half_a_download_is_refused(fields):
    with pytest.raises(ValueError, match=r"needs|Extra"):
        Download.model_validate({"files": ["a.csv"]} | fields)
