"""Images: local files of the right kind below one folder, and nothing else."""

import base64

import pytest
from tests_support.chat_server import in_turn, scored

from guardrank.llm_judge import images
from guardrank.llm_judge.images import ImageError, data_url

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
FILES = {
    "a.png": PNG,
    "b.jpg": b"\xff\xd8\xff\xe0" + b"\x00" * 20,
    "c.gif": b"GIF89a" + b"\x00" * 20,
    "d.webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "liar.txt": PNG,
}


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "images"
    (inside / "sub").mkdir(parents=True)
    for name, content in FILES.items():
        (inside / name).write_bytes(content)
    (inside / "sub" / "e.png").write_bytes(PNG)
    (inside / "page.png").write_bytes(b"<svg onload=alert(1)>")
    (inside / "empty.png").write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(PNG)
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "loop.png").symlink_to(inside / "loop.png")
    return inside


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "png"),
        ("b.jpg", "jpeg"),
        ("c.gif", "gif"),
        ("d.webp", "webp"),
        ("liar.txt", "png"),
        ("sub/e.png", "png"),
        ("sub/../a.png", "png"),
    ],
)
def test_the_kind_is_told_by_the_content(folder, name, kind):
    head, _, data = data_url(folder, name).partition(",")
    assert head == f"data:image/{kind};base64"
    assert base64.b64decode(data) == (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("none.png", "image_missing"),
        ("sub", "image_missing"),
        ("", "image_missing"),
        ("a\x00.png", "image_missing"),
        ("x" * 5000, "image_missing"),
        ("loop.png", "image_missing"),
        ("../secret.png", "image_outside"),
        ("link.png", "image_outside"),
        ("/etc/passwd", "image_outside"),
        ("sub/../../secret.png", "image_outside"),
        ("http://127.0.0.1/a.png", "image_outside"),
        ("HTTPS://evil.example/a.png", "image_outside"),
        ("file:///etc/passwd", "image_outside"),
        ("data:image/png;base64,AAAA", "image_outside"),
        ("page.png", "image_type"),
        ("empty.png", "image_type"),
    ],
)
def test_what_is_not_sent(folder, name, slug):
    with pytest.raises(ImageError) as caught:
        data_url(folder, name)
    assert str(caught.value) == slug


def test_a_large_file_is_not_sent(folder, monkeypatch):
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", 27)
    with pytest.raises(ImageError, match="image_too_large"):
        data_url(folder, "a.png")


def test_an_absolute_path_inside_is_fine(folder):
    assert data_url(folder, str(folder / "a.png")) == data_url(folder, "a.png")


def test_the_model_sees_the_image_beside_the_record(judge, server, records, folder):
    server.reply = in_turn(scored(1))
    shown = records(1, image="a.png", reference="A kettle.")
    verdicts = list(judge(images=folder).score([*shown, *records(1, id="x", image="../secret.png")]))
    assert [(verdict.score, verdict.error) for verdict in verdicts] == [(1, None), (None, "image_outside")]
    (asked,) = server.asked
    text, image = asked.body["messages"][-1]["content"]
    assert text["type"] == "text" and asked.record["image"] == "attached"
    assert image == {"type": "image_url", "image_url": {"url": data_url(folder, "a.png")}}


def test_without_a_folder_it_reads_the_description(judge, server, records):
    server.reply = in_turn(scored(1))
    list(judge().score(records(1, image="../secret.png", reference="A kettle.")))
    (asked,) = server.asked
    assert asked.record == {
        "prompt": "Prompt 0?",
        "image": "not shown to you",
        "image_description": "A kettle.",
        "response": "response 0",
    }


def test_another_image_is_another_question(judge, server, records, folder):
    server.reply = in_turn(scored(1))
    list(judge(images=folder).score(records(1, image="a.png")))
    (folder / "a.png").write_bytes(PNG + b"changed")
    list(judge(images=folder).score(records(1, image="a.png")))
    list(judge(images=folder).score(records(1, image="a.png")))
    assert len(server.asked) == 2
