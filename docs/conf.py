"""How the documentation is built: Sphinx, MyST, furo; a warning is an error."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import attrs

from coffers import __version__

project = "coffers"
author = "the coffers maintainers"
copyright = "2026, the coffers maintainers"
release = version = __version__

sys.path.append(str(Path(__file__).parents[1]))  # for those that write pages
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs.provider_pages",
    "docs.extension_pages",
    "docs.check_page",
    "docs.own_clients_page",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "coffers"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["terms.css"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# A console block may hold what no shell lexer follows, a text over several lines, say; it is shown all the same.
suppress_warnings = ["misc.highlighting_failure"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
default_role = "code"  # docstrings write `name` for code
napoleon_google_docstring = True
napoleon_use_ivar = True


def with_defaults(_: Any, __: str, ___: str, made: Any, ____: Any, signature: str | None, returned: str | None) -> Any:
    """An attrs class's signature with its true defaults, not with the code attrs writes for them."""
    if signature is None or not (isinstance(made, type) and attrs.has(made)):
        return None
    fields = {field.alias: field for field in attrs.fields(made)}

    def default(match: re.Match[str]) -> str:
        value = fields[match[1]].default
        made_new = isinstance(value, attrs.Factory)  # type: ignore[arg-type]  # Factory is a class
        return f"{match[1]}={value.factory() if made_new else value!r}"

    return re.sub(r"(\w+)=(?:attr_dict\['\w+'\]\.default|NOTHING)", default, signature), returned


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", with_defaults)
