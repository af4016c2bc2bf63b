"""Values that a person might give a field. Pure, and the same every time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sandbox.smoke.files import rows


@dataclass(frozen=True, slots=True)
class Field:
    """What the document says of a text-like field; empty where it says nothing."""

    type: str = "text"
    words: str = ""  # label, name, id, aria-label: what a person reads or an author called it
    placeholder: str = ""
    value: str = ""
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    pattern: str = ""
    input_mode: str = ""
    max_length: int = -1


_BY_TYPE = {
    "email": "ada@example.org",
    "url": "https://example.org/tea",
    "tel": "+1 555 010 0199",
    "password": "Correct-Horse-7",
    "date": "2024-05-17",
    "time": "10:30",
    "datetime-local": "2024-05-17T10:30",
    "month": "2024-05",
    "week": "2024-W20",
    "color": "#3366cc",
}
_BY_WORDS: tuple[tuple[str, str], ...] = (
    (r"e-?mail", "ada@example.org"),
    (r"\bjson\b", '{"name": "Tea", "amount": 3.5}'),
    (r"\bcsv\b", "\n".join(("name,amount", *(f"{name},{amount}" for name, amount, _ in rows())))),
    (r"\bhtml\b", '<p>Tea and <a href="https://example.org/tea">cake</a></p>'),
    (r"markdown", "# Tea\n\n- cake\n- *jam*\n"),
    (r"\bregex\b.*\bflags?\b|\bflags?\b.*\bregex\b", "gi"),
    (r"\bregexp?\b|regular expression|\bpattern\b", r"\w+"),
    (r"\bxml\b", "<tea><cake>3</cake></tea>"),
    (r"\byaml\b", "name: Tea\namount: 3.5"),
    (r"\btoml\b", 'name = "Tea"\namount = 3.5'),
    (r"\bsvg\b", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h8v8z"/></svg>'),
    (r"\bjwt\b|\btoken\b", "eyJhbGciOiJub25lIn0.eyJuYW1lIjoiVGVhIn0."),
    (r"\bsql\b", "SELECT name FROM tea WHERE amount > 3"),
    (r"\bcron\b", "*/5 * * * *"),
    (r"base64", "VGVhIGFuZCBjYWtl"),
    (r"\brgb\b", "rgb(51, 102, 204)"),
    (r"\bhsl\b", "hsl(220, 60%, 50%)"),
    (r"\bhex\b|colou?r", "#3366cc"),
    (r"\bbinary\b", "101101"),
    (r"\broman\b", "XIV"),
    (r"\bmorse\b", "- . .-"),
    (r"\blat(?:itude)?\b.*\b(?:lng|lon|long|longitude)\b|coordinates?\b", "52.52, 13.405"),
    (r"\blat(?:itude)?\b", "52.52"),
    (r"\b(?:lng|lon|longitude)\b", "13.405"),
    (r"\bmac\b.*address", "00:00:5e:00:53:01"),
    (r"\bcidr\b|\bsubnet\b", "192.0.2.0/24"),
    (r"\buuid\b|\bguid\b", "123e4567-e89b-42d3-a456-426614174000"),
    (r"\bisbn\b", "978-0-306-40615-7"),
    (r"\biban\b", "GB33BUKB20201555555555"),
    (r"card number|credit card", "4111 1111 1111 1111"),
    (r"time ?zone", "Europe/Berlin"),
    (r"unix|epoch|timestamp", "1715940000"),
    (r"\bcurrency\b", "EUR"),
    (r"\blocale\b|language code", "en-GB"),
    (r"\bdomain\b|\bhost ?name\b", "example.org"),
    (r"\bport\b", "8080"),
    (r"\bversion\b", "1.2.3"),
    (r"\bdna\b|nucleotide", "ATGCGTAC"),
    (r"\bmatrix\b", "1, 2\n3, 4"),
    (r"\bfraction\b", "3/4"),
    (r"chemical|molecul", "C6H12O6"),
    (r"f\(x\)|\by ?= ", "x^2 + 1"),
    (r"\bexpressions?\b|\bformulas?\b|\bequations?\b|\bcalculation\b", "2 + 3 * 4"),
    (r"comma.separated|\bnumbers\b|\bvalues\b|data ?set|\bdata points\b", "3, 5, 8, 13"),
    (r"\burls?\b|\blinks?\b|website|web address", "https://example.org/tea"),
    (r"phone|telephone|\bmobile\b", "+1 555 010 0199"),
    (r"\bdate\b|birthday|deadline|\bdue\b", "2024-05-17"),
    (r"\btime\b", "10:30"),
    (r"zip ?code|postcode|postal", "12345"),
    (r"password|secret|passphrase", "Correct-Horse-7"),
    (r"\bip\b|ip address", "192.0.2.7"),
)
_NUMBER_WORDS = (
    r"amount|price|cost|bill|total|sum\b|quantity|\bqty\b|count|number|hours?|minutes?|seconds?"
    r"|width|height|length|weight|\bage\b|percent|rate|salary|income|budget|distance|people"
    r"|guests|principal|years?|days?|score|size|temperature|speed|\btip\b"
)
_NUMBERS_BY_WORDS: tuple[tuple[str, float], ...] = (
    (r"\blat(?:itude)?\b", 52.52),
    (r"\b(?:lng|lon|longitude)\b", 13.405),
    (r"percent|%|\btip\b|discount|\btax\b|interest|\brate\b", 15),
    (r"people|persons?|guests|players|split|ways", 4),
    (r"\byear\b(?!s)", 2024),
    (r"height", 170),
    (r"weight", 70),
    (r"\bage\b|years?", 30),
    (r"month", 5),
    (r"\bday\b", 17),
    (r"hour", 10),
    (r"bill|price|cost|amount|total|salary|income|budget|principal", 120),
)


_MOST_LINES = 5  # that make one line


def value_for(field: Field) -> str:
    """Choose a value by type, limits, label and placeholder, in that order."""
    return values_for(field)[0]


def values_for(field: Field) -> list[str]:
    """List what to try, the best first; more than one only where there is a pattern.

    Only the page can tell which of them fits it (`fitting` in controls.js): a tool's regular
    expression may take for ever, so it never runs here.
    """
    if field.type in ("number", "range"):
        return [_number(field)]
    candidates = _candidates(field)
    if not field.pattern:
        del candidates[1:]
    if field.type in _BY_TYPE and field.type not in ("email", "url", "tel", "password", "color"):
        candidates = [_within(text, field) for text in candidates]
    most = field.max_length if field.max_length > 0 else None
    return [text[:most] for text in candidates]


def _candidates(field: Field) -> list[str]:
    words = f"{field.words} {field.placeholder}".lower()
    example = _example(field.placeholder)
    by_words = [text for pattern, text in _BY_WORDS if re.search(pattern, words)]
    if field.type != "textarea":
        by_words = [" ".join(text.split("\n")[:_MOST_LINES]) for text in by_words]
    general = (
        "Tea and cake\n3 apples, 4 pears\nhttps://example.org/tea"
        if field.type == "textarea"
        else "Tea and cake"
    )
    numeric = field.input_mode in ("numeric", "decimal") or (
        field.type != "textarea" and re.search(_NUMBER_WORDS, words) is not None
    )
    chosen = [
        *([_BY_TYPE[field.type]] if field.type in _BY_TYPE else []),
        *([field.value] if field.value.strip() and field.type in ("text", "textarea") else []),
        *([example] if example else []),
        *by_words[:1],
        *([_number(field)] if numeric else []),
        general,
    ]
    return [*chosen, "Tea", "12", "1234", "12345", "AB12", "ABC-123", "tea-cake", "2024-05-17"]


_INTRODUCED = re.compile(
    r"\s*(?:e\.?\s?g\.?|for example|example|ex\.)[:,]?\s*(.+)", re.IGNORECASE | re.DOTALL
)
_ZERO = re.compile(r"[$€£¥]?\s*0+(?:[.,]0+)?")
_SAMPLE = re.compile(
    r"[-\d.,:/]+|#[0-9a-fA-F]{3,8}|\{.*\}|\[.*\]|https?://\S+|[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+",
    re.DOTALL,
)


def _example(placeholder: str) -> str:
    """Take the example that a placeholder gives: "e.g. 120" is 120, "0.00" is 12 there."""
    text = placeholder.strip()
    introduced = _INTRODUCED.match(text)
    if introduced:
        return introduced[1].strip().strip("“”\"'").removesuffix("…").strip()
    if _ZERO.fullmatch(text):
        return "12"
    return text if _SAMPLE.fullmatch(text) else ""


def _number(field: Field) -> str:
    low, high = _float(field.minimum), _float(field.maximum)
    step = abs(_float(field.step) or 1.0)
    wanted = _wanted_number(field)
    if low is not None and wanted < low:
        wanted = low if high is None else low + (high - low) / 2
    if high is not None and wanted > high:
        wanted = high if low is None else low + (high - low) / 2
    base = low or 0.0
    steps = (wanted - base) / step + 1e-9
    value = base + int(steps) * step if math.isfinite(steps) else wanted
    decimals = len(field.step.partition(".")[2])
    if decimals:
        return f"{value:.{decimals}f}"
    return str(int(value)) if value == int(value) else str(value)


def _wanted_number(field: Field) -> float:
    example = _float(_example(field.placeholder) or field.placeholder)
    current = _float(field.value)
    if example:
        return example
    if current:
        return current + (_float(field.step) or 1.0)
    words = field.words.lower()
    return next((n for pattern, n in _NUMBERS_BY_WORDS if re.search(pattern, words)), 12)


def _float(text: str) -> float | None:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    return number if abs(number) < _LARGEST else None  # no infinity, no "not a number"


_LARGEST = 1e15


def _within(text: str, field: Field) -> str:
    """Clamp a date or time; written most significant first, they compare as text."""
    if field.minimum and text < field.minimum:
        return field.minimum
    if field.maximum and text > field.maximum:
        return field.maximum
    return text
