"""A package, so that no other one of this name, which some distributions bring along, stands before it."""
