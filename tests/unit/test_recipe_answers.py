"""What the built-in recipes promise: the right tool, the right parameters, or a plain no."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest

from server.providers.protocol import File
from server.recipes import RECIPES, estimate, follows, respond
from server.recipes.document import json_script
from server.recipes.kinds.units import units
from server.recipes.sentence import Sentence
from server.recipes.shelf import recipe_named, shelf

PHRASINGS = {
    "tip-splitter": (
        "split a restaurant bill with tip",
        "what does each of us owe after dinner, waiter included",
        "Trinkgeld ausrechnen und durch vier teilen",
    ),
    "unit-converter": (
        "how many feet are in a metre",
        "kilos into stones, please",
        "grados fahrenheit a celsius",
    ),
    "to-do-list": (
        "something to tick off my chores",
        "packing list for a trip to Rome",
        "was muss ich diese Woche erledigen, als Aufgabenliste",
    ),
    "interval-timer": (
        "a timer for 40 s work and 20 s rest, eight rounds",
        "25/5 minutes for studying",
        "beep when my boxing round is over",
    ),
    "csv-viewer": (
        "look at my csv export and plot a column",
        "bar graph from a semicolon separated file",
        "afficher mon fichier csv avec un graphique",
    ),
    "text-cleaner": (
        "how many words does my essay have",
        "get rid of double spaces in text copied from a PDF",
        "统计文章字数并清理空格",
    ),
    "password-generator": (
        "make me a strong password with 20 characters",
        "something random nobody can guess as a passcode for the wifi",
        "gerar senhas fortes",
    ),
    "link-extractor": (
        "pull every url out of a newsletter I paste",
        "which links are hidden in this rich text",
        "extraire tous les liens d'un article",
    ),
}

OUTSIDE = (
    "an invoice generator",
    "a password strength essay",
    "chess game",
    "convert my video to gif",
    "a currency trading bot",
    "currency converter with live rates",
    "password manager with sync",
    "random number generator",
    "a chess clock",
    "word search puzzle",
    "text adventure in a haunted house",
    "broken link checker",
    "link shortener",
    "a website for my restaurant",
    "restaurant table booking",
    "time zone converter",
    "kanban board for my team",
    "stock chart with live prices",
    "tip of the day about gardening",
    "calorie counter",
    "convert csv to json",
    "发票生成器",
    "juego de ajedrez",
    "hello",
    "",
)


class _Document(HTMLParser):
    """The parts of a document that parameters may reach, as a browser would read them."""

    def __init__(self, text):
        super().__init__()
        self.config = self.title = ""
        self.scripts = 0
        self._inside = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        if tag == "title":
            self._inside = "title"
        elif dict(attributes).get("id") == "config":
            self._inside = "config"

    def handle_data(self, text):
        if self._inside:
            setattr(self, self._inside, getattr(self, self._inside) + text)

    def handle_endtag(self, _tag):
        self._inside = None


@pytest.mark.parametrize(
    ("name", "wish"), [(name, wish) for name, wishes in PHRASINGS.items() for wish in wishes]
)
def test_a_phrasing_that_is_no_alias_finds_its_recipe(name, wish):
    recipe = recipe_named(name)
    known = (recipe.title, *recipe.anchors, *recipe.aliases, *recipe.phrases)
    assert Sentence.of(wish).folded not in {Sentence.of(text).folded for text in known}
    answer = respond([wish])
    assert (answer.recipe, answer.nearest) == (name, ())
    assert answer.html is not None
    assert answer.html.startswith("<!doctype html>")
    assert answer.prose.startswith(f"Built-in recipe: {recipe.title}.")
    assert answer.prose.endswith("A connected model can make anything.")


@pytest.mark.parametrize("wish", OUTSIDE)
def test_a_wish_outside_the_recipes_is_declined_with_the_three_nearest(wish):
    answer = respond([wish])
    assert answer.recipe is None
    assert answer.html is None
    assert len({near.name for near in answer.nearest}) == 3
    assert all(near.title in answer.prose for near in answer.nearest)
    assert estimate(wish).recipe is None


def test_every_example_makes_its_own_recipe():
    assert len(RECIPES) == 8
    for listing in RECIPES:
        assert respond([listing.example]).recipe == listing.name


@pytest.mark.parametrize(
    ("wish", "name"),
    [("小费", "tip-splitter"), ("密码", "password-generator"), ("换算", "unit-converter")],
)
def test_a_chinese_word_of_two_characters_is_found(wish, name):
    assert respond([wish]).recipe == name
    assert respond([f"请帮我做一个{wish}工具"]).recipe == name


@pytest.mark.parametrize("wish", ["tip calcualtor", "pasword generator", "unit convertor"])
def test_a_slip_of_the_keys_is_forgiven(wish):
    assert respond([wish]).recipe is not None


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("tip for a table of six in euros", {"currency": "EUR"}),
        ("split £84 between 3 friends with a 12.5% tip", {"bill": 84.0, "tip": 12.5, "people": 3}),
        ("split a bill in Canadian dollars", {"currency": "CAD"}),
        ("18% tip for 6 people, dark", {"tip": 18.0, "people": 6, "theme": "dark"}),
        ("Trinkgeld für acht Leute in CHF", {"people": 8, "currency": "CHF"}),
        ("六个人的小费", {"people": 6}),
        ("40 s work and 20 s rest, eight rounds", {"work": 40, "rest": 20, "rounds": 8}),
        ("pomodoro timer 25/5 minutes", {"work": 1500, "rest": 300}),
        ("work 45 seconds rest 15 seconds timer", {"work": 45, "rest": 15}),
        ("timer: 3 min on, 1 min off, 5 rounds", {"work": 180, "rest": 60, "rounds": 5}),
        ("tabata", {"work": 20, "rest": 10, "rounds": 8}),
        ("a 10 minute timer without sound", {"work": 600, "rest": 0, "sound": False}),
        ("miles to km", {"from": "mi", "to": "km"}),
        ("convert 5 ft to cm", {"from": "ft", "to": "cm", "value": 5.0}),
        ("how many cups in 2 litres", {"from": "l", "to": "cup", "value": 2.0}),
        ("12 oz to ml", {"from": "floz", "to": "ml"}),
        ("12 oz to grams", {"from": "oz", "to": "g"}),
        ("temperature converter", {"from": "f", "to": "c"}),
        (
            "passwords of 20 characters without symbols",
            {"length": 20, "symbols": False, "count": 1},
        ),
        (
            "5 passwords with 32 characters, no look-alikes",
            {"count": 5, "length": 32, "clear": True},
        ),
        ("a six digit PIN generator", {"length": 6, "upper": False, "symbols": False}),
        (
            "shopping list: milk, eggs and bread",
            {"title": "Shopping list", "items": ("milk", "eggs", "bread")},
        ),
        ("to-do list called 'Trip to Rome'", {"title": "Trip to Rome"}),
        ("semicolon separated csv as a line chart", {"delimiter": ";", "chart": "line"}),
        ("csv viewer without a header row", {"header": False}),
        ("word counter with a 500 word limit", {"limit": 500}),
        ("remove duplicate lines from text", {"dropDuplicates": True}),
        ("extract links as markdown, sorted by domain", {"format": "markdown", "order": "site"}),
    ],
)
def test_parameters_are_read_from_the_sentence(wish, expected):
    answer = respond([wish])
    assert answer.html is not None
    assert {name: answer.parameters[name] for name in expected} == expected
    config = json.loads(_Document(answer.html).config)
    for name, value in expected.items():
        assert config[name] == (list(value) if isinstance(value, tuple) else value)
    assert estimate(wish).parameters == answer.parameters


def test_prose_lists_what_was_understood():
    prose = respond(["tip splitter in euros for 6 people"]).prose
    assert "Currency: euro. People: 6." in prose


def test_prose_says_which_words_were_not_used():
    assert "Not used: confetti." in respond(["tip calculator with confetti"]).prose
    # "trip" is a word that finds the list, and is as little used as "class".
    assert "Not used: class, trip." in respond(["to-do list for a class trip"]).prose
    assert "Not used" not in respond(["A to-do list for my week"]).prose


def _file(name, content, media_type="text/csv"):
    return File(name, media_type, base64.b64encode(content).decode())


def _config(answer):
    return json.loads(_Document(answer.html).config)


HOSTILE = b"Name,Points\nAda </script><script>alert(1)</script>,17\n```\n<!--,{{ title }}\n"


def test_an_attached_csv_is_the_data_of_the_csv_viewer():
    answer = respond(["show this csv"], [_file("my_pupils.csv", HOSTILE)])
    assert _config(answer)["data"] == HOSTILE.decode()
    assert "alert(1)</" not in answer.html
    assert "```" not in answer.html
    assert "Data: my_pupils.csv." in answer.prose
    assert "Not used" not in answer.prose
    windows = _file("alter.CSV", "Name;Größe\n".encode("cp1252"), "application/vnd.ms-excel")
    assert _config(respond(["csv viewer"], [windows]))["data"] == "Name;Größe\n"


def test_attached_data_stays_through_changes_until_another_file_comes():
    first = respond(["csv viewer"], [_file("a.csv", b"A,B\n1,2\n")])
    dark = respond(["csv viewer", "make it dark"], (), first.html)
    assert (_config(dark)["data"], _config(dark)["theme"]) == ("A,B\n1,2\n", "dark")
    other = respond(["csv viewer", "now this one"], [_file("b.csv", b"C\n3\n")], first.html)
    assert (_config(other)["file"], _config(other)["data"]) == ("b.csv", "C\n3\n")


def test_files_that_a_recipe_does_not_take_are_said():
    csv = _file("pupils.csv", b"A\n")
    tips = respond(["tip calculator with confetti"], [csv])
    assert "Not used: confetti, pupils.csv." in tips.prose
    note = _file("n.txt", b"x", "text/plain")
    two = respond(["csv viewer"], [_file("old.csv", b"B\n"), csv, note])
    assert "Data: pupils.csv. Not used: old.csv, n.txt." in two.prose
    large = respond(["csv viewer"], [_file("large.csv", b"x" * 500_001)])
    why = "over 500,000 characters; open it in the tool itself"
    assert f"Not used: large.csv ({why})." in large.prose
    assert "data" not in _config(large)
    binary = respond(["csv viewer"], [_file("sheet.csv", b"PK\0\0")])
    assert "Not used: sheet.csv." in binary.prose
    later = respond(["to-do list", "do as in the file"], [csv])
    assert later.html is None
    assert later.prose.endswith("Not used: pupils.csv.")


@pytest.mark.parametrize(
    ("first", "change", "expected"),
    [
        ("split a restaurant bill with tip", "in euros", {"currency": "EUR"}),
        ("split a restaurant bill with tip", "for 8 people", {"people": 8}),
        ("unit converter", "from gallons to litres", {"from": "gal", "to": "l"}),
        ("to-do list", "title it Groceries", {"title": "Groceries"}),
        ("shopping list: milk", "add eggs and butter", {"items": ("milk", "eggs", "butter")}),
        ("interval timer", "30/10 minutes", {"work": 1800, "rest": 600}),
        ("csv viewer", "a line chart please", {"chart": "line"}),
        ("text cleaner", "sort lines alphabetically, with sorting", {"sortLines": True}),
        ("password generator", "only 12 characters, no symbols", {"length": 12, "symbols": False}),
        ("link extractor", "as CSV", {"format": "csv"}),
        ("link extractor", "make it dark", {"theme": "dark"}),
        ("Passwortgenerator", "dunkel bitte", {"theme": "dark"}),
    ],
)
def test_a_follow_up_changes_its_parameters_and_no_others(first, change, expected):
    before, after = respond([first]), respond([first, change])
    assert after.recipe == before.recipe
    assert after.html is not None
    assert after.parameters == {**before.parameters, **expected}


def test_follow_ups_add_up_in_order():
    answer = respond(
        ["tip splitter", "for 8 people", "in euros", "make it confetti", "for 5 people"]
    )
    assert (answer.parameters["people"], answer.parameters["currency"]) == (5, "EUR")
    assert "People: 5." in answer.prose
    assert "euro" not in answer.prose


def test_a_follow_up_that_changes_nothing_known_is_declined_with_what_can_be_changed():
    answer = respond(["tip splitter", "add confetti when it is paid"])
    assert (answer.recipe, answer.html) == ("tip-splitter", None)
    assert "the currency" in answer.prose
    assert "connected model" in answer.prose


def test_a_follow_up_that_asks_for_another_recipe_is_declined_by_name():
    answer = respond(["tip splitter", "now make a password generator"])
    assert answer.html is None
    assert "Password generator" in answer.prose


def test_a_follow_up_that_is_so_already_says_so():
    answer = respond(["tip splitter in euros", "in euros"])
    assert answer.html is None
    assert "already" in answer.prose


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        ("in euros", True),
        ("change the currency to euros, please", True),
        ("make it dark, for 8 people", True),
        ("with a tip of 15 %", True),  # it is so already
        ("in euros, and with a history of past bills", False),
        ("use euros instead of dollars", False),
        ("add confetti when it is paid", False),
        ("now make a password generator", False),
        ("in euros " * 1_000, False),
    ],
)
def test_a_recipe_follows_only_what_it_can_do_whole(change, whole):
    assert follows(["tip splitter", change]) is whole


def test_a_recipe_follows_nothing_that_it_did_not_begin():
    assert not follows([])
    assert not follows(["tip splitter"])
    assert not follows(["a chess game", "in euros"])
    assert follows(["a chess game", "tip splitter", "for 8 people", "in euros"])


def test_titles_show_what_was_set():
    assert respond(["tip splitter in euros for 6 people"]).title == "Tip splitter · euro · 6 people"
    answer = respond(["to-do list", "title it Groceries"])
    assert (answer.title, _Document(answer.html).title) == ("Groceries", "Groceries")


def test_equal_wishes_give_equal_bytes_from_any_thread():
    wishes = ["40 s work and 20 s rest", "eight rounds, dark"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: respond(wishes), range(32)))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    "hostile",
    [
        "</script><script>alert(1)</script>",
        "</title><img src=x onerror=alert(1)>",
        "<!--<script>",
        "```html",
        "{{ config }} {{ include base.js }}",
        "\u2028\u2029&lt;",
    ],
)
def test_hostile_text_stays_text(hostile):
    answer = respond([f'to-do list called "{hostile}"', f"add {hostile}"])
    plain = respond(["to-do list"])
    document = _Document(answer.html)
    assert document.scripts == _Document(plain.html).scripts
    assert json.loads(document.config)["title"] == answer.title == document.title
    assert "```" not in answer.html
    assert not re.search(r"[<>`]", answer.prose)


def test_json_for_a_script_holds_no_character_of_html():
    text = json_script({"a": "</script>&`\u2028"})
    assert not set("<>&`\u2028") & set(text)
    assert json.loads(text) == {"a": "</script>&`\u2028"}


@pytest.mark.parametrize("recipe", shelf(), ids=lambda recipe: recipe.name)
def test_a_document_needs_nothing_from_outside(recipe):
    html = respond([recipe.example]).html
    assert "{{" not in html.replace("${{", "")
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", html.replace('href="https://', ""))
    assert not re.search(r"@import|\balert\(|\bconfirm\(|\bprompt\(|innerHTML|\bfetch\(", html)


def test_the_converter_knows_the_units_that_sentences_name():
    template = recipe_named("unit-converter").template
    table = template[template.index("const QUANTITIES") : template.index("const START")]
    ids = set(re.findall(r"(\w+): \[\"[^\"]+\", \"", table))
    assert {unit.id for unit in units()} == ids


def test_a_very_long_wish_is_answered_at_once():
    assert respond(["split the bill " * 6_000]).recipe == "tip-splitter"


@pytest.mark.parametrize(
    ("wish", "recipe"),
    [
        (
            "I need to split the bill of our class trip dinner between 7 colleagues with a 10% tip",
            "tip-splitter",
        ),
        (
            "strip double spaces, blank lines and smart quotes from pasted interview transcripts",
            "text-cleaner",
        ),
        ("a bill of materials for a shelf", None),
    ],
)
def test_the_words_around_a_wish_do_not_sink_it(wish, recipe):
    """People tell a story; what they need is in it."""
    assert estimate(wish).recipe == recipe
