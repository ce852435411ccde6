"""coffers."""
