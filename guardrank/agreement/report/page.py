"""The page: sections -> HTML, by a template, a style sheet and a content-security policy.

The policy names the style sheet by its hash, so that nothing but these very bytes can style the page, and
allows nothing else: no script, no request, no form, and images only where the page holds them itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from guardrank import __version__
from guardrank.agreement.report.blocks import Section
from guardrank.agreement.report.sections import all_sections
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Study

Images: TypeAlias = Literal["'none'", "data:"]


@dataclass(frozen=True)
class Document:
    """A page.

    Attributes:
        kind: what it is, in two words.
        title: what it is about; from data.
        sections: those that are left out included.
        created: when its figures were made; from data.
        images: what the policy says of images.
    """

    kind: str
    title: str
    sections: Sequence[Section]
    created: str
    images: Images = "'none'"


def render_page(study: Study) -> str:
    """The HTML of ``study``."""
    return render_document(Document("Agreement study", study.title, all_sections(study), study.created))


def render_document(document: Document) -> str:
    """The HTML of ``document``."""
    pages = Environment(
        loader=PackageLoader("guardrank.agreement.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = pages.get_template("report.css").render()
    return pages.get_template("report.html.j2").render(
        policy=content_policy(style, document.images),
        kind=document.kind,
        title=visible(document.title, 120),
        heading=name(document.title, 120),
        sections=[section for section in document.sections if section.blocks],
        parts=document.sections,
        made=name(document.created, 40),
        version=__version__,
    )


def content_policy(style: str, images: Images = "'none'") -> Markup:
    """The content-security policy of a page with the style sheet ``style``, and ``images`` at most."""
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    return Markup(
        "default-src 'none'; style-src 'sha256-{}'; img-src {}; base-uri 'none'; form-action 'none'"
    ).format(digest, Markup(images))  # noqa: S704 - one of two constants
