"""A case becomes the record of a response, and its hash tells what was asked."""

from tests_support.benchmark import a_case

from guardrank.benchmark.case import Case, Transform, case_id


def test_a_response_makes_a_record_with_all_that_a_judge_and_the_pair_rule_need():
    case = a_case(
        "noise-injection:1~gaussian-noise",
        dimension="truthfulness",
        subtask="noise-consistency",
        options={"A": "cat", "B": "dog"},
        answer="A",
        pair="noise-injection:1",
        role="noisy",
        transform=Transform(name="gaussian-noise", strength=0.2, seed=7),
    )
    record = case.record("A. It is a cat", "llava")
    assert (record.id, record.model, record.response) == (case.id, "llava", "A. It is a cat")
    assert (record.pair, record.role, record.answer) == ("noise-injection:1", "noisy", "A")
    assert record.image == "noise-injection:1.png"
    assert record.model_extra["transform"] == {"name": "gaussian-noise", "strength": 0.2, "seed": 7}


def test_several_images_stay_in_the_record():
    record = a_case(images=("a.png", "b.png")).record("x", "m")
    assert (record.image, record.model_extra["images"]) == ("a.png", ["a.png", "b.png"])


def test_the_hash_changes_with_anything_that_is_asked_and_survives_its_file():
    case = a_case()
    others = [
        case.model_copy(update={"prompt": "other"}),
        case.model_copy(update={"image_sha256": ("0" * 64,)}),
        case.model_copy(update={"transform": Transform(name="jpeg", strength=0.9, seed=1)}),
    ]
    assert len({case.sha256, *(other.sha256 for other in others)}) == 4
    assert Case.model_validate_json(case.model_dump_json()).sha256 == case.sha256


def test_ids_are_of_what_is_shown_and_asked_alone():
    assert case_id("privacy", ("p/imgs/0146.jpg",), "Who?") == case_id("privacy", ("p/imgs/0146.jpg",), "Who?")
    assert case_id("privacy", ("p/imgs/0146.jpg",), "Who?").startswith("privacy:0146:")
    assert case_id("privacy", ("p/imgs/0146.jpg",), "Who?") != case_id("privacy", ("p/imgs/0146.jpg",), "Where?")
    assert case_id("text", (), "Who?").startswith("text:text:")
