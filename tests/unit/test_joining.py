"""Modules are joined as they are written, or it is said which of them cannot be."""

from __future__ import annotations

import re

import pytest

from server.joining import CannotJoinError, join


def test_a_module_is_a_function_that_gives_what_it_exports():
    joined = join(
        {
            "home": 'import { one as first, two } from "./deep/numbers.js";\n'
            'import "./seen.js";\nimport * as all from "./deep/numbers.js";\n'
            'first(two, all); import("./seen.js");\n',
            "deep/numbers": 'import "../seen.js";\nexport const two = 2;\n'
            "export async function one() {}\nexport class Three {}\nfunction hidden() {}\n",
            "seen": "// nothing\n",
        }
    )
    for line in (
        'const { one: first, two } = __use("deep/numbers");',
        '__use("seen");\nconst all = __use("deep/numbers");',
        'first(two, all); (async () => __use("seen"))();',
        "const two = 2;\nasync function one() {}\nclass Three {}\nfunction hidden() {}\n",
        "return { two, one, Three };",
    ):
        assert line in joined


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('import { a } from "./gone.js";', "home.js imports gone.js, which is not there"),
        ('import("./gone.js");', "home.js imports gone.js, which is not there"),
        ('import "./other.js";', "in a circle: home → other → home"),
        ("export let changing = 1;", "home.js has “export let changing = 1;”"),
        ("export default 1;", "home.js has “export default 1;”"),
        ("export { a };", "home.js has “export { a };”"),
        ('import all from "./alone.js";', "home.js has “import all from"),
        ('import { b } from "./alone.js";', "home.js imports b, which alone.js does not export"),
        ("await ready();", "home.js has “await ready();”"),
        ("const a = await ready();", "home.js has “const a = await ready();”"),
        ("import(where);", "home.js has “import(where);”"),
    ],
)
def test_what_cannot_be_joined_is_named(written: str, said: str):
    sources = {
        "home": written,
        "other": 'import "./home.js";',
        "alone": "export const a = 1, b = 2;",
    }
    with pytest.raises(CannotJoinError, match=re.escape(said)):
        join(sources)
