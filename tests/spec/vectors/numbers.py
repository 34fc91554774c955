"""Writes numbers.tsv: what people type, and what Google's libphonenumber makes of it.

    python3 -m venv venv && venv/bin/pip install phonenumbers==9.0.43 && venv/bin/python numbers.py > numbers.tsv

Each line has the country in which it is typed, what is typed (as JSON), the number in E.164 form or why it is none, and the
same for a mobile to which calls may go in the United States and Canada. It is by Google's data alone, through their port
to Python, and none of our code.
"""

import json
import random

import phonenumbers as p
from phonenumbers import PhoneNumberFormat as F
from phonenumbers import PhoneNumberType as T

COUNTRIES = "US CA GB DE FR IT BR MX AU NL".split()
ISLANDS = ["+18765550100", "+18095550100", "+12425550100", "+17875550100", "+16715550100", "+12685550100"]
ORDINARY = {T.FIXED_LINE, T.MOBILE, T.FIXED_LINE_OR_MOBILE, T.VOIP, T.PERSONAL_NUMBER}
FULL = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")

NOTHING = [
    "", "-", "n/a", "none", "call me", "0", "1", "12", "911", "112", "999", "1234567", "555-1234", "000 000 0000",
    "+1", "+", "++14155550100", "+0 415 555 0100", "+999 123 456 789", "+800 1234 5678", "+883 510 000 0000",
    "1-800-FLOWERS", "1-900-234-5678", "(415) 555-0100 or (415) 555-0101", "415-555-0100/0101", "4155550100;4155550101",
    "ask at the desk", "ada@example.com", "x12", "extension 12", "+1 415 555 0100 ext", "'4155550100", '"4155550100"',
    "4155550100\n", "\t4155550100", "tel:4155550100", "tel:415-555-0100;phone-context=+1", "sip:4155550100@example.com",
    "https://wa.me/14155550100", "(415 555 0100", "415) 555-0100", "415 555 01OO", "4 1 5 5 5 5 0 1 0 0", "[415] 555-0100",
    "415_555_0100", "415,555,0100", "~4155550100", "415–555–0100", "415—555—0100", "415\u00a0555\u00a00100",
    "\u202a+14155550100\u202c", "\u200b4155550100", "mobile: 415-555-0100", "415-555-0100 (mobile)", "415-555-0100 (cell)",
    "415-555-0100 home", "00 1 415 555 0100", "011 1 415 555 0100", "0015 1 415 555 0100", "1" * 17, "1" * 16, "1" * 300,
    "+" + "4" * 20, "*67 415 555 0100", "*31#415 555 0100", "#31#415 555 0100", "415 555 0100 p 12", "415 555 0100,,12",
    "415 555 0100 #12", "415 555 0100 ~12", "415 555 0100 x12345678", "４１５ ５５５ ０１００", "+٤٤ ٧٤٠٠ ١٢٣٤٥٦",
]


def forms(number):
    national = p.format_number(number, F.NATIONAL)
    international = p.format_number(number, F.INTERNATIONAL)
    e164 = p.format_number(number, F.E164)
    digits = p.national_significant_number(number)
    code = str(number.country_code)
    yield from (e164, e164[1:], national, international, p.format_number(number, F.RFC3966), digits)
    yield from ("".join(c for c in national if c.isdigit()), international.replace(" ", "-"), international.replace(" ", "."))
    yield from ("00" + e164[1:], "011 " + international[1:], f"+{code} (0) {digits}", f"({code}) {digits}", f"{code} {digits}")
    yield from (f"  {national} ", national.replace(" ", "\u00a0"), national.translate(FULL), e164.translate(ARABIC))
    yield from (f"{national} x12", f"{national} ext. 1234", f"{national};ext=7", digits[:-1], digits + "1", e164 + "00000000")
    yield from (f"tel:{e164}", f"{national} (cell)", f"cell {national}", f"{national} / {national}", national + ".", f"+ {e164[1:]}")


def read(typed, country):
    try:
        number = p.parse(typed, country)
    except p.NumberParseException:
        return "NotANumber", "NotANumber"
    if number.extension is not None:
        return "Extension", "Extension"
    if not p.is_valid_number(number):
        return "Invalid", "Invalid"
    e164 = p.format_number(number, F.E164)
    if p.number_type(number) not in ORDINARY:
        return e164, "Priced"
    return e164, e164 if p.region_code_for_number(number) in ("US", "CA") else "Abroad"


def numbers(country, dice):
    for kind in (T.MOBILE, T.FIXED_LINE, T.TOLL_FREE, T.PREMIUM_RATE, T.SHARED_COST, T.VOIP, T.PERSONAL_NUMBER, T.UAN, T.PAGER):
        if example := p.example_number_for_type(country, kind):
            yield example
    example = p.example_number_for_type(country, T.MOBILE)
    for _ in range(2):
        digits = p.national_significant_number(example)
        other = digits[:4] + "".join(dice.choice("0123456789") for _ in digits[4:])
        yield p.PhoneNumber(country_code=example.country_code, national_number=int(other))


def main():
    dice = random.Random(2026)
    lines = set()
    for country in COUNTRIES:
        for number in numbers(country, dice):
            typed = list(forms(number))
            if p.number_type(number) not in (T.MOBILE, T.FIXED_LINE_OR_MOBILE):
                typed = typed[:6]
            lines |= {(home, it) for it in typed for home in {country, "US"}}
        lines |= {(country, it) for it in ISLANDS}
    lines |= {(country, it) for country in ("US", "GB", "DE") for it in NOTHING}
    # What is nothing but blanks nobody has typed.
    for country, typed in sorted(it for it in lines if it[1].strip()):
        print(country, json.dumps(typed.strip(), ensure_ascii=True), *read(typed.strip(), country), sep="\t")


main()
