"""Numbers in sentences: digits, and number words in six languages."""

from __future__ import annotations

import re
from functools import cache

# One is left out on purpose: in most of these languages it is also the article.
_WORDS = {
    2: "two zwei deux dos dois duas",
    3: "three drei trois tres",
    4: "four vier quatre cuatro quatro",
    5: "five funf cinq cinco",
    6: "six sechs seis",
    7: "seven sieben sept siete sete",
    8: "eight acht huit ocho oito",
    9: "nine neun neuf nueve nove",
    10: "ten zehn dix diez dez",
    11: "eleven elf onze once",
    12: "twelve zwolf douze doce doze",
    13: "thirteen dreizehn treize trece treze",
    14: "fourteen vierzehn quatorze catorce",
    15: "fifteen funfzehn quinze quince",
    16: "sixteen sechzehn seize dieciseis dezesseis",
    17: "seventeen siebzehn diecisiete dezessete",
    18: "eighteen achtzehn dieciocho dezoito",
    19: "nineteen neunzehn diecinueve dezenove",
    20: "twenty zwanzig vingt veinte vinte",
    25: "twenty-five funfundzwanzig vingt-cinq veinticinco",
    30: "thirty dreissig trente treinta trinta half-minute",
    40: "forty vierzig quarante cuarenta quarenta",
    45: "forty-five funfundvierzig quarante-cinq",
    50: "fifty funfzig cinquante cincuenta cinquenta",
    60: "sixty sechzig soixante sesenta sessenta",
    90: "ninety neunzig noventa",
}
_CJK_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_CJK = r"[一二两三四五六七八九十]{1,3}(?=[个個人位轮輪组組次秒分字条項项小%])"


@cache
def _by_word() -> dict[str, int]:
    return {word: value for value, words in _WORDS.items() for word in words.split()}


@cache
def number_pattern() -> str:
    """Return the regular expression (without groups) of a number in a folded sentence."""
    words = "|".join(sorted(map(re.escape, _by_word()), key=lambda word: -len(word)))
    digits = r"(?<![\d.,])\d{1,7}(?:[.,]\d{1,4})?(?!\d)"
    return rf"(?:{digits}|(?<![a-z-])(?:{words})(?![a-z])|{_CJK})"


def is_number_word(text: str) -> bool:
    return text in _by_word()


def number_value(text: str) -> float:
    """Read what `number_pattern` matched; a comma is a decimal point unless it groups thousands."""
    if text in _by_word():
        return float(_by_word()[text])
    if text[0] in _CJK_DIGITS or text[0] == "十":
        return float(_cjk_value(text))
    if re.fullmatch(r"\d{1,3},\d{3}", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


def _cjk_value(text: str) -> int:
    if "十" not in text:
        return int("".join(str(_CJK_DIGITS[letter]) for letter in text))
    tens, ones = text.split("十", 1)
    return _CJK_DIGITS.get(tens, 1) * 10 + _CJK_DIGITS.get(ones, 0)
