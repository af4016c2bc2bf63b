"""The recipes stream like a model: prose, a fenced document, and one end."""

import time

from server.providers.protocol import ModelRequest, Start, Stop, Text, Usage
from server.providers.recipes import RecipesProvider
from server.recipes import respond


def _request(*wishes):
    return ModelRequest(model="built-in", system="", turns=(), wishes=wishes)


async def _events(*wishes):
    return [event async for event in RecipesProvider().stream(_request(*wishes))]


async def test_it_streams_prose_and_then_the_document_in_a_fence():
    events = await _events("tip splitter in euros")
    answer = respond(["tip splitter in euros"])
    chunks = [event.text for event in events if isinstance(event, Text)]
    assert len(chunks) > 50
    assert "".join(chunks) == f"{answer.prose}\n\n```html\n{answer.html}```\n"
    assert isinstance(events[0], Start)
    assert events[-2:] == [Usage(0, 0, 0, 0), Stop("stop")]


async def test_it_declines_with_prose_alone():
    events = await _events("chess game")
    assert "```" not in "".join(event.text for event in events if isinstance(event, Text))
    assert events[-1] == Stop("declined")


async def test_a_whole_tool_takes_less_than_a_second():
    started = time.perf_counter()
    await _events("interval timer")
    assert time.perf_counter() - started < 1


async def test_a_reader_that_leaves_ends_the_stream():
    stream = RecipesProvider().stream(_request("tip splitter"))
    assert isinstance(await anext(stream), Start)
    await stream.aclose()


async def test_it_lists_one_model_that_costs_nothing():
    (model,) = (await RecipesProvider().models()).models
    assert (model.provider, model.model, model.label) == ("recipes", "built-in", "Built-in recipes")
    assert (model.price.input, model.price.output) == (0, 0)
