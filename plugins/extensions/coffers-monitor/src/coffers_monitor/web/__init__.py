"""The page, the JSON API and the command `serve`: what the monitor knows, shown. Begin with `view` and `board`."""
