"""One module a command; each has a `command`. To add one, write the module and name it in `coffers.cli.app`."""
