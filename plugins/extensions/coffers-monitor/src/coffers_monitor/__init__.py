"""Know days before money runs out: what `coffers` reads, watched, kept, forecast and told."""
