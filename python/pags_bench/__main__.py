"""`python -m pags_bench`: the command."""

from ._program import main

main()
