"""Declarations of the conformance project, in the group `fixtures`.

With `--auth`, all but `test_simple_text`, `static_text` and `test_simple_prompt` need the scope
`fixture:use`, and `boom` needs `fixture:break` as well; without, none needs any.
"""
