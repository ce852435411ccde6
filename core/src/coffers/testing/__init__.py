"""What provider authors test with: recorded vectors and hostile answers.

Roof: uses the public doors of coffers only; nothing in the core uses it.
"""
