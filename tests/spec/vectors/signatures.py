"""Signed webhooks, computed by Twilio's own library.

    python3 -m venv venv && venv/bin/pip install twilio==9.13.0
    venv/bin/python signatures.py

writes signatures.json next to this file, the same bytes every time. Each entry has the
"url" that Twilio signed, the raw form "body" on the wire, the account's "token" and the
"signature". "requested" is there only where the server sees another URL than the signed
one. Twilio's validator has accepted every entry at the URL that the server sees.
"""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from multidict import MultiDict  # comes with twilio, whose validator reads duplicates from it
from twilio.request_validator import RequestValidator

TOKEN = "0123456789abcdef0123456789abcdef"
HOST = "https://phone.example.com"
CALLS = f"{HOST}/call-forward"
TEXTS = f"{HOST}/sms-forward"

CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("AccountSid", "AC1234567890ABCDE"),
    ("From", "+14155550123"),
    ("To", "+19255550100"),
    ("CallStatus", "ringing"),
    ("ApiVersion", "2010-04-01"),
    ("Direction", "inbound"),
]


def text(body):
    return [
        ("MessageSid", "SM1234567890ABCDE"),
        ("From", "+14155550123"),
        ("To", "+19255550100"),
        ("NumMedia", "0"),
        ("Body", body),
    ]


def signed(name, url, form, *, requested=None, token=TOKEN):
    """One vector. `form` is a list of pairs, or a body written out as it is on the wire."""
    body = form if isinstance(form, str) else urlencode(form)
    parameters = parse_qsl(body, keep_blank_values=True)
    assert isinstance(form, str) or parameters == form, name

    validator = RequestValidator(token)
    signature = validator.compute_signature(url, MultiDict(parameters))
    assert validator.validate(requested or url, MultiDict(parameters), signature), name

    vector = {"name": name, "token": token, "url": url, "body": body, "signature": signature}
    return vector | ({"requested": requested} if requested else {})


DOCUMENTED = signed(
    "the example in Twilio's documentation",
    "https://example.com/myapp.php?foo=1&bar=2",
    [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ],
    token="12345",
)
assert DOCUMENTED["signature"] == "L/OH5YylLD5NRKLltdqwSvS0BnU="

VECTORS = [
    DOCUMENTED,
    signed("an ordinary call", f"{CALLS}?employee=00u1abcd2efgh3ijkl4m", CALL),
    signed("an ordinary text", f"{TEXTS}?employee=00u1abcd2efgh3ijkl4m", text("See you at noon.")),
    signed("an empty form", CALLS, []),
    # Values
    signed("emoji", TEXTS, text("👩‍👩‍👧 🇺🇸 👍🏽")),
    signed("right-to-left text", TEXTS, text("\u200fשלום, مرحبا 123")),
    signed("composed and combining accents stay different", TEXTS, text("Zo\u00eb Zoe\u0308")),
    signed("blanks and newlines around a value", TEXTS, text(" \t\r\n lunch?\nyes \n")),
    signed("a value of blanks only", TEXTS, text("   ")),
    signed("empty values", CALLS, [*CALL, ("CallerCity", ""), ("CallerZip", "")]),
    signed("a name without an equals sign", TEXTS, "Body&From=%2B14155550123"),
    signed("plus, percent, ampersand and equals in values", TEXTS, text("1+1=2 & 100% %2B a=b&c=d")),
    signed("lower-case escapes and %20 for a blank", TEXTS, "Body=Zo%c3%ab%20%2f%20Jo&From=%2b14155550123"),
    signed("names that need escapes", TEXTS, [("Media[0]", "a"), ("a&b=c", "d"), ("naïve +", "e")]),
    # Names and their order
    signed("names out of order", CALLS, CALL[::-1]),
    signed("names that begin with each other", CALLS, [("ReasonConferenceEnded", "x"), ("Reason", "test")]),
    signed("names that differ only in case", CALLS, [("callSid", "1"), ("CallSid", "2"), ("CALLSID", "3")]),
    signed("a name repeated with different values", TEXTS, [("To", "c"), ("From", "z"), ("To", "a")]),
    signed("a name repeated with the same value", TEXTS, [("To", "a"), ("From", "z"), ("To", "a")]),
    # URLs
    signed("escapes in the query stay as they are", f"{CALLS}?a=%2B&b=%20&c=%2f&d=+&e=%2F", CALL),
    signed("an apostrophe and brackets in the query", f"{CALLS}?name=O'Brien&list[]=1&list[]=2", CALL),
    signed("the query names what the form names", f"{CALLS}?To=%2B15555550199&From=nobody", CALL),
    signed("an empty query is not signed", CALLS, CALL, requested=f"{CALLS}?"),
    signed("a trailing slash", f"{CALLS}/", CALL),
    signed("a double slash in the path", f"{HOST}//call-forward", CALL),
    signed("escapes in the path", f"{HOST}/t%C3%A9l%2f/call-forward", CALL),
    # Ports: Twilio signs with or without them
    signed("port 8443, signed with it", f"{HOST}:8443/call-forward", CALL),
    signed("port 8443, signed without it", CALLS, CALL, requested=f"{HOST}:8443/call-forward"),
    signed("port 443, signed with it", f"{HOST}:443/call-forward", CALL),
    signed("port 443, signed without it", CALLS, CALL, requested=f"{HOST}:443/call-forward"),
    signed("no port, signed with 443", f"{HOST}:443/call-forward", CALL, requested=CALLS),
    signed("plain HTTP and a port, signed with it", "http://localhost:9000/sms-forward", text("hi")),
    signed(
        "plain HTTP and a port, signed without it",
        "http://localhost/sms-forward",
        text("hi"),
        requested="http://localhost:9000/sms-forward",
    ),
    # Tokens
    signed("a token of one character", CALLS, CALL, token="x"),
    signed("a token longer than a block of SHA-1", CALLS, CALL, token="0123456789abcdef" * 5),
    signed("a token with blanks, punctuation and accents", CALLS, CALL, token="pä55 wörd/+=&%\"'✓"),
]

names = [vector["name"] for vector in VECTORS]
assert len(names) == len(set(names)), "two vectors have the same name"

target = Path(__file__).with_suffix(".json")
target.write_text(json.dumps(VECTORS, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
