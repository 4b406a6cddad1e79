"""The page: sections -> HTML, by a template, a style sheet and a content-security policy.

The policy names the style sheet by its hash, so that nothing but these very bytes can style the page, and
allows nothing else: no script, no image, no request, no form.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from guardrank import __version__
from guardrank.agreement.report.sections import all_sections
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Study


def render_page(study: Study) -> str:
    """The HTML of ``study``."""
    pages = Environment(
        loader=PackageLoader("guardrank.agreement.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = pages.get_template("report.css").render()
    sections = all_sections(study)
    return pages.get_template("report.html.j2").render(
        policy=content_policy(style),
        title=visible(study.title, 120),
        heading=name(study.title, 120),
        sections=[section for section in sections if section.blocks],
        parts=sections,
        made=name(study.created, 40),
        version=__version__,
    )


def content_policy(style: str) -> Markup:
    """The content-security policy of a page with the style sheet ``style`` and nothing else."""
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    return Markup(
        "default-src 'none'; style-src 'sha256-{}'; img-src 'none'; base-uri 'none'; form-action 'none'"
    ).format(digest)
