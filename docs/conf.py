"""How the documentation is built: Sphinx, MyST, furo; a warning is an error."""

from coffers import __version__

project = "coffers"
author = "the coffers maintainers"
copyright = "2026, the coffers maintainers"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "coffers"
html_show_sphinx = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
default_role = "code"  # docstrings write `name` for code
napoleon_google_docstring = True
napoleon_use_ivar = True
