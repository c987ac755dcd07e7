"""Declarations of the conformance project, in the group `fixtures`.

With `--auth`, all but `test_simple_text` need the scope `fixture:use`, and `boom` needs
`fixture:break` as well; without, none needs any.
"""
