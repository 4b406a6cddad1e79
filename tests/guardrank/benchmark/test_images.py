"""Images are opened below their folder, within bounds, and nothing else."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from tests_support.benchmark import draw, huge_png

from guardrank.benchmark.images import ImageFolder, ImageLimits
from guardrank.llm_judge.images import ImageError


@pytest.fixture
def folder(tmp_path):
    draw(tmp_path / "tasks" / "a.png")
    draw(tmp_path / "outside.png")
    return ImageFolder(tmp_path / "tasks", ImageLimits(most_bytes=50_000, most_pixels=1_000_000))


def reason(folder, name):
    with pytest.raises(ImageError) as error:
        folder.open(name)
    return str(error.value)


def test_an_image_comes_decoded_in_rgb(folder):
    image = folder.open("a.png")
    assert (image.mode, image.size, image.getpixel((3, 3))) == ("RGB", (16, 12), (255, 0, 0))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("b.png", "image_missing"),
        ("../outside.png", "image_outside"),
        ("x/../a.png", "image_outside"),
        ("https://example.org/a.png", "image_outside"),
        ("file:///etc/passwd", "image_outside"),
        ("data:image/png;base64,AAAA", "image_outside"),
        ("/etc/hostname", "image_outside"),
        ("a\0.png", "image_missing"),
        ("n" * 5000, "image_missing"),
    ],
)
def test_what_lies_elsewhere_is_not_opened(folder, name, said):
    assert reason(folder, name) == said


def test_a_link_out_is_not_followed_and_one_within_is(folder):
    (folder.root / "out.png").symlink_to(folder.root.parent / "outside.png")
    (folder.root / "in.png").symlink_to("a.png")
    assert reason(folder, "out.png") == "image_outside"
    assert folder.open("in.png").size == (16, 12)


def test_bombs_are_refused_by_their_header(folder):
    huge_png(folder.root / "huge.png")
    assert (folder.root / "huge.png").stat().st_size < 500
    assert reason(folder, "huge.png") == "image_too_many_pixels"
    assert reason(ImageFolder(folder.root), "huge.png") == "image_too_many_pixels"


def test_files_too_large_are_not_read(folder):
    (folder.root / "long.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60_000)
    assert reason(folder, "long.png") == "image_too_large"
    assert folder.sha256("long.png") is None


def test_damaged_images_and_other_files_are_told_apart(folder):
    whole = draw(folder.root / "whole.jpg", size=(300, 200))
    (folder.root / "cut.jpg").write_bytes(whole.read_bytes()[:700])
    (folder.root / "page.png").write_text("<html>")
    (folder.root / "empty.png").write_bytes(b"")
    assert reason(folder, "cut.jpg") == "image_damaged"
    assert reason(folder, "page.png") == "image_type"
    assert reason(folder, "empty.png") == "image_type"


class Site:
    """A web server of this machine with one image, a page that is too long, and redirects."""

    def __init__(self, image):
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                if self.path.startswith("/again"):
                    self.send_response(302)
                    self.send_header("Location", "/again")
                    self.end_headers()
                    return
                self.send_response(404 if self.path == "/gone.png" else 200)
                self.end_headers()
                self.wfile.write(b"\x89PNG" + b"0" * 60_000 if self.path == "/long.png" else image)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def site(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Site((folder.root / "a.png").read_bytes())
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_addresses_are_fetched_only_where_that_is_allowed_and_once(folder, site):
    assert reason(folder, f"{site.url}/a.png") == "image_outside" and not site.asked
    allowed = replace(folder, allow_urls=True)
    assert [allowed.open(f"{site.url}/a.png").size for _ in range(2)] == [(16, 12)] * 2
    assert site.asked == ["/a.png"]
    assert reason(replace(allowed, limits=ImageLimits(most_bytes=10)), f"{site.url}/a.png") == "image_too_large"


@pytest.mark.parametrize(
    ("path", "said"),
    [("/gone.png", "image_unreachable"), ("/long.png", "image_too_large"), ("/again", "image_unreachable")],
)
def test_what_cannot_be_fetched_has_its_reason_and_is_not_kept(folder, site, path, said):
    allowed = replace(folder, allow_urls=True)
    assert reason(allowed, f"{site.url}{path}") == said
    assert reason(allowed, f"{site.url}{path}") == said
    assert site.asked.count(path) >= 2


def test_a_server_that_drips_is_given_up(folder, site, monkeypatch):
    monkeypatch.setattr("guardrank.benchmark.image_urls.SECONDS", 0.0)
    assert reason(replace(folder, allow_urls=True), f"{site.url}/a.png") == "image_unreachable"


def test_an_address_where_nobody_answers_is_unreachable(folder, site):
    site.server.shutdown()
    site.server.server_close()
    assert reason(replace(folder, allow_urls=True), f"{site.url}/a.png") == "image_unreachable"
    assert reason(replace(folder, allow_urls=True), "http://[not an address/a.png") == "image_unreachable"


def test_formats_with_code_in_them_are_not_read(folder):
    Image.new("RGB", (4, 4)).save(folder.root / "a.eps")
    Image.new("RGB", (4, 4)).save(folder.root / "a.pdf")
    assert reason(folder, "a.eps") == "image_type"
    assert reason(folder, "a.pdf") == "image_type"


def test_transparent_pictures_lie_on_white_paper(folder):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(folder.root / "glass.png")
    assert folder.open("glass.png").getpixel((1, 1)) == (255, 255, 255)


def test_a_camera_held_sideways_is_turned_upright(folder):
    image = Image.new("RGB", (30, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(folder.root / "turned.jpg", exif=exif)
    assert folder.open("turned.jpg").size == (20, 30)
