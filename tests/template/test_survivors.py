"""The mutants that no test notices are known, and may live. `mutants.py` looks whether there are others."""

from conftest import source
from mutants import Document, listed


def test_every_survivor_is_a_mutant_of_the_template_and_has_a_reason():
    survivors = listed()
    assert not survivors.keys() - {name for name, _, _ in Document(source()).mutants()}
    assert all(len(reason) > 10 for reason in survivors.values())
