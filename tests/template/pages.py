"""What the operating pages say: their tables, and the words for what AWS writes as numbers."""

from conftest import ROOT

UNITS = [("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)]


def table(page, heading):
    """The rows of the first table below a heading, each a dict by the names of the columns."""
    below = (ROOT / page).read_text().split(f"\n{heading}\n")[1]
    lines = iter(below.splitlines())
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
        elif rows:
            break
    columns, _, *rows = rows
    assert all(len(row) == len(columns) for row in rows), f"{page}, {heading}: a row has another number of cells"
    return [dict(zip(columns, row)) for row in rows]


def seconds(number):
    """So many seconds in the largest unit that gives a whole number."""
    unit, size = next((it for it in UNITS if number and number % it[1] == 0), UNITS[-1])
    return f"{number // size} {unit}{'' if number == size else 's'}"


def code(*words):
    """Words in backticks, with commas between them."""
    return ", ".join(f"`{it}`" for it in words)


def name(value, attribute=None):
    """X in a reference to the resource X, or to that attribute of it. Any other value stays as it is."""
    end = f".{attribute}}}" if attribute else "}"
    known = isinstance(value, str) and value.startswith("${") and value.endswith(end)
    return value[2 : -len(end)] if known else value
