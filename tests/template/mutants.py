"""Damages template.yaml, one value at a time, and prints each damage that no test notices: a survivor.

    target/check-template/bin/python tests/template/mutants.py [--shard K/N]

`survivors.txt` has the survivors that may live, each with a reason. This ends with 1 when there is another, or when a listed
one is dead. It takes some minutes.
"""

import argparse
import copy
import json
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

# Texts that only a person reads. They are removed, but not changed: a test cannot know better words.
PROSE = {"Description", "AlarmDescription", "ConstraintDescription", "AssertDescription", "description"}

GONE = object()


class Document:
    """The template, and what else could stand at a place in it."""

    def __init__(self, source):
        self.source = source
        self.parameters = source["Parameters"]
        self.resources = source["Resources"]
        self.conditions = source["Conditions"]
        self.words = {}
        self.collect(None, source)

    def collect(self, key, it):
        """Fills `words`: the texts that each property has somewhere in the template."""
        if isinstance(it, dict):
            for name, value in it.items():
                self.collect(name, value)
        elif isinstance(it, list):
            for value in it:
                self.collect(key, value)
        elif isinstance(it, str) and it not in self.words.setdefault(key, []):
            self.words[key].append(it)

    def mutants(self):
        """Yields each mutant: its name, the path that it changes, and the new value there."""
        for section in ("Parameters", "Rules", "Mappings", "Conditions", "Globals", "Resources", "Outputs"):
            for path, change, value in self.walk(section, self.source[section]):
                yield f"{'.'.join(map(str, (section, *path)))}: {change}", (section, *path), value

    def walk(self, key, it):
        """Yields changes of `it`, which stands under `key`: a path below it, words for the change, and the new value."""
        if isinstance(it, dict) and len(it) == 1 and next(iter(it)).startswith(("Ref", "Fn::", "Condition")):
            yield from self.intrinsic(key, *next(iter(it.items())))
        elif isinstance(it, dict):
            for name, value in it.items():
                yield (name,), "removed", GONE
                yield from below(name, self.walk(name, value))
        elif isinstance(it, list):
            for at, value in enumerate(it):
                yield (at,), "removed", GONE
                yield from below(at, self.walk(key, value))
        else:
            yield from self.scalar(key, it)

    def intrinsic(self, key, function, operands):
        """Changes of a reference, a condition, or another function of CloudFormation."""
        if function == "Ref":
            yield (), f"{operands} -> {self.other(operands)}", {"Ref": self.other(operands)}
            yield (), f"{operands} as a text", operands
        elif function == "Fn::GetAtt":
            resource, attribute = operands
            yield (), f"{resource} -> {self.other(resource)}", {function: [self.other(resource), attribute]}
            yield (), f"{attribute} -> {attribute}x", {function: [resource, f"{attribute}x"]}
            yield (), f"{resource}.{attribute} as a text", f"{resource}.{attribute}"
        elif function == "Condition":
            other = following(list(self.conditions), operands)
            yield (), f"{operands} -> {other}", {function: other}
        elif function == "Fn::Not":
            yield (), "not negated", operands[0]
            yield from below(function, below(0, self.walk(key, operands[0])))
        elif function == "Fn::If":
            condition, then, otherwise = operands
            other = following(list(self.conditions), condition)
            yield (), f"if {condition} -> {other}", {function: [other, then, otherwise]}
            yield (), f"if not {condition}", {function: [condition, otherwise, then]}
            for at, branch in [(1, then), (2, otherwise)]:
                yield from below(function, below(at, self.walk(key, branch)))
        elif function == "Fn::Sub" and isinstance(operands, str):
            yield from below(function, self.scalar(key, operands))
        else:
            if key in self.conditions or key == "RuleCondition" or key == "Assert":
                yield (), "negated", {"Fn::Not": [{function: operands}]}
            yield from below(function, self.walk(key, operands))

    def scalar(self, key, it):
        """Changes of a number, a text, or a JSON document in a text."""
        if isinstance(it, bool):
            yield (), f"{it} -> {not it}", not it
        elif re.fullmatch("[0-9]+", str(it)):
            for number in {int(it) * 1000 or 1000, 0 if int(it) else 1, int(it) + 1}:
                yield (), f"{it} -> {number}", type(it)(number)
        elif key in PROSE:
            return
        elif it.startswith("{"):
            whole = json.loads(it)
            for path, change, value in self.walk(key, whole):
                yield (), f"{'.'.join(map(str, path))}: {change}", json.dumps(changed(whole, path, value))
        elif key == "AllowedPattern":
            yield (), "any text", ".*"
            for found in re.finditer(r"(?<=[{,])[0-9]+", it):
                number = str(int(found[0]) + 1)
                damaged = it[: found.start()] + number + it[found.end() :]
                yield (), f"{found[0]} -> {number} at {found.start()}", damaged
        else:
            yield from self.text(key, it)

    def text(self, key, it):
        """Changes of a text: each reference in it, and the text itself."""
        for found in re.finditer(r"\$\{([\w:]+)\}", it):
            other = self.other(found[1])
            where = f" at {found.start()}" if it.count(found[0]) > 1 else ""
            yield (), f"${{{found[1]}}} -> ${{{other}}}{where}", it[: found.start(1)] + other + it[found.end(1) :]
        words = [word for word in self.words.get(key, []) if "${" not in word and word != it]
        other = following(self.words[key], it) if words and "${" not in it else f"{it}x"
        yield (), f"{it or 'empty'} -> {other or 'empty'}" if len(it) < 60 else "x at the end", other

    def other(self, name):
        """Something else of the same kind: a resource, a parameter, or what AWS knows."""
        name, *attribute = name.split(".")
        if name in self.resources:
            kind = self.resources[name]["Type"]
            same = [it for it, resource in self.resources.items() if resource["Type"] == kind]
            other = following(same if len(same) > 1 else list(self.resources), name)
        elif name in self.parameters:
            same = [it for it, parameter in self.parameters.items() if parameter["Type"] == self.parameters[name]["Type"]]
            other = following(same, name)
        else:
            other = "AWS::AccountId" if name == "AWS::Region" else "AWS::Region"
        return ".".join([other, *attribute])


def following(names, name):
    """The name after this one, and the first after the last one."""
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def below(key, changes):
    """Changes, one step further down."""
    for path, change, value in changes:
        yield (key, *path), change, value


def changed(document, path, value):
    """A copy with another value at a path, or with none there."""
    whole = document = copy.deepcopy(document)
    *above, last = path
    for step in above:
        document = document[step]
    if value is GONE:
        del document[last]
    else:
        document[last] = value
    return whole


class Damaging:
    """A plugin of pytest that runs the tests for each mutant, until one fails."""

    def __init__(self, shard, shards, jobs):
        self.shard, self.shards, self.jobs = shard, shards, jobs
        self.survivors, self.tried, self.running = [], [], {}

    def pytest_runtestloop(self, session):
        import conftest

        source = conftest.source()
        # The last one to notice something comes first: it often notices the next mutant, which is nearby.
        self.tests = list(session.items)
        self.start("nothing: changed", source)
        self.wait()
        assert self.survivors, "the tests fail without a mutant"
        self.survivors.clear()
        for at, (name, path, value) in enumerate(Document(source).mutants()):
            if at % self.shards == self.shard - 1:
                self.tried.append(name)
                self.start(name, changed(source, path, value))
        while self.running:
            self.wait()
        return True

    def start(self, name, document):
        """Runs the tests in a process of their own, which forgets the mutant when it ends."""
        if len(self.running) == self.jobs:
            self.wait()
        result, here = os.pipe()
        child = os.fork()
        if child:
            os.close(here)
            self.running[child] = name, result
            return
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            os.write(here, noticed_by(self.tests, document).encode())
        finally:
            os._exit(0)

    def wait(self):
        """Waits for the end of a process."""
        child, _ = os.wait()
        name, result = self.running.pop(child)
        with open(result) as file:
            test = file.read()
        assert test, f"{name}: the tests did not come to an end"
        if test == "nobody":
            self.survivors.append(name)
        else:
            self.tests.sort(key=lambda it: it.nodeid != test)


def noticed_by(tests, document):
    """The first test that fails with this template, or nobody."""
    import conftest
    from _pytest.runner import runtestprotocol

    conftest.source.cache_clear()
    conftest.transformed.cache_clear()
    conftest.yaml_parse = lambda _: document
    for test, following_one in zip(tests, [*tests[1:], None]):
        if any(it.failed for it in runtestprotocol(test, nextitem=following_one, log=False)):
            return test.nodeid
    return "nobody"


def listed():
    """The survivors that may live, and why."""
    lines = [line for line in (HERE / "survivors.txt").read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.rsplit(" # ", 1) for line in lines)


def main():
    import pytest

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--shard", default="1/1", metavar="K/N", help="every Nth mutant, from the Kth on")
    asked.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many at once")
    options = asked.parse_args()
    shard, shards = map(int, options.shard.split("/"))
    damaging = Damaging(shard, shards, options.jobs)
    how = ["--assert=plain", "-p", "no:cacheprovider", "-p", "no:terminal"]
    how += [f"--ignore={HERE / it}" for it in ("test_stack.py", "test_deploy.py", "test_survivors.py")]
    status = pytest.main([*how, str(HERE)], plugins=[damaging])
    may_live = listed()
    new = [it for it in damaging.survivors if it not in may_live]
    dead = [it for it in may_live if it in damaging.tried and it not in damaging.survivors]
    unknown = [it for it in may_live if it not in damaging.tried] if shards == 1 else []
    for title, names in [("survives", new), ("listed, but dead", dead), ("listed, but no mutant", unknown)]:
        for name in names:
            print(f"{title}: {name}")
    print(f"{len(damaging.tried)} mutants, {len(damaging.survivors)} survivors, {len(new)} of them not listed")
    return 1 if status or new or dead or unknown or not damaging.tried else 0


if __name__ == "__main__":
    sys.exit(main())
