"""What the smoke test works out without a browser: findings, verdicts, values, order."""

from __future__ import annotations

import json
import re
import struct
import time
import zipfile
import zlib
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.report import NEEDS_NETWORK, Finding, Verdict
from sandbox.smoke import findings
from sandbox.smoke.controls import Control
from sandbox.smoke.files import png, sample_file
from sandbox.smoke.findings import Document, Moment
from sandbox.smoke.pictures import is_one_colour
from sandbox.smoke.run import Run
from sandbox.smoke.shortcuts import shortcuts
from sandbox.smoke.signatures import sign
from sandbox.smoke.source import read_findings
from sandbox.smoke.tester import Attempt, report
from sandbox.smoke.tour import Tour
from sandbox.smoke.values import Field, value_for, values_for
from sandbox.smoke.verdict import conclude
from tests.growing import growth, repeated

URL = "http://abc.localhost:1234/secret/"
DOCUMENT = Document(URL, "<script>\nfetch('https://api.example.org/x')\n</script>", 1)
LOAD = Moment()


def thrown(description: str, *, line: int = 4, text: str = "Uncaught", url: str = URL) -> dict:
    frame = {"functionName": "run", "url": url, "lineNumber": line, "columnNumber": 2}
    return {
        "text": text,
        "url": url,
        "lineNumber": line,
        "columnNumber": 2,
        "stackTrace": {"callFrames": [frame]},
        "exception": {"type": "object", "subtype": "error", "description": description},
    }


def finding(severity: str, signature: str = "s") -> Finding:
    return Finding("error", severity, "load", "m", signature)  # type: ignore[arg-type]


class TestFindings:
    def test_an_exception_tells_its_message_and_its_line_in_the_users_document(self) -> None:
        found = findings.from_exception(
            thrown("TypeError: x is not a function\n    at run (http://…)"),
            DOCUMENT,
            Moment("interact", "button ‘Go’"),
        )
        assert found is not None
        assert (found.kind, found.severity, found.phase) == ("error", "fatal", "interact")
        assert found.message == "TypeError: x is not a function"
        assert (found.line, found.column, found.control) == (4, 3, "button ‘Go’")

    def test_a_place_in_another_file_or_in_the_bridge_is_no_line(self) -> None:
        for details in (thrown("Error: a", url="blob:null/1"), thrown("Error: a", line=0)):
            found = findings.from_exception(details, DOCUMENT, LOAD)
            assert found is not None
            assert found.line is None

    def test_the_innermost_place_in_the_users_document_counts(self) -> None:
        details = thrown("Error: a")
        library = {"functionName": "q", "url": "data:text/javascript,1", "lineNumber": 0}
        details["stackTrace"]["callFrames"].insert(0, library)
        found = findings.from_exception(details, DOCUMENT, LOAD)
        assert found is not None
        assert found.line == 4

    @pytest.mark.parametrize(
        ("exception", "message"),
        [
            ({"type": "string", "value": "words"}, "words"),
            ({"type": "number", "value": 5, "description": "5"}, "5"),
            ({"type": "undefined"}, "undefined"),
            (
                {
                    "type": "object",
                    "description": "Object",
                    "preview": {
                        "description": "Object",
                        "properties": [{"name": "code", "value": "5"}],
                    },
                },
                "{code: 5}",
            ),
        ],
    )
    def test_what_is_thrown_need_not_be_an_error(self, exception: dict, message: str) -> None:
        details = {"text": "Uncaught (in promise)", "exception": exception}
        found = findings.from_exception(details, DOCUMENT, LOAD)
        assert found is not None
        assert (found.kind, found.message) == ("rejection", message)

    def test_a_syntax_error_has_its_own_kind(self) -> None:
        details = thrown("SyntaxError: Unexpected token ';'")
        del details["stackTrace"]
        found = findings.from_exception(details, DOCUMENT, LOAD)
        assert found is not None
        assert (found.kind, found.line) == ("syntax", 4)

    def test_a_syntax_error_while_running_is_an_error_like_others(self) -> None:
        found = findings.from_exception(
            thrown("SyntaxError: Unexpected token 'x', \"x\" is not valid JSON"), DOCUMENT, LOAD
        )
        assert found is not None
        assert found.kind == "error"

    @pytest.mark.parametrize(
        "message",
        [
            "TypeError: Failed to fetch",
            "NotAllowedError: Permission denied",
            "NotFoundError: Requested device not found",
            "AbortError: The play() request was interrupted by a call to pause().",
            "Error: Error creating WebGL context.",
        ],
    )
    def test_what_the_surroundings_lack_is_a_note(self, message: str) -> None:
        found = findings.from_exception(thrown(message), DOCUMENT, LOAD)
        assert found is not None
        assert found.severity == "advisory"

    @pytest.mark.parametrize(
        "message",
        [
            "Error: Failed to fetch the rates",
            "TypeError: navigator.share is not a function",
            "TypeError: Cannot read properties of undefined (reading 'requestAdapter')",
            "TypeError: Cannot read properties of null (reading 'createShader')",
            "ReferenceError: BarcodeDetector is not defined",
            "ReferenceError: NDEFReader is not defined",
            "TypeError: window.SpeechRecognition is not a constructor",
            "TypeError: navigator.wakeLock.request is not a function",
            "InvalidStateError: Failed to execute 'send' on 'WebSocket': Still connecting.",
            "TypeError: Failed to fetch dynamically imported module: https://esm.sh/x",
        ],
    )
    def test_what_a_tool_that_asks_may_miss_is_a_note(self, message: str) -> None:
        asks = "<script>fetch('https://api.example.org'); navigator.gpu.requestAdapter()</script>"
        document = Document(URL, f"{asks}<canvas></canvas>c.getContext('webgl')", 1)
        found = findings.from_exception(thrown(message), document, LOAD)
        assert found is not None
        assert found.severity == "advisory"

    @pytest.mark.parametrize(
        "message",
        [
            "ReferenceError: openWebSocketPanel is not defined",
            "TypeError: this.onNetworkError is not a function",
            "TypeError: navigator.shareAll is not a function",
            "TypeError: navigator.clipboard.writeTxt is not a function",
            "ReferenceError: BarcodeDetectr is not defined",
            "TypeError: Cannot read properties of null (reading 'createShader')",
            "SyntaxError: Failed to construct 'WebSocket': The URL 'x' is invalid.",
            "Error: my WebSocket rule",
            "Error: Load failed",
            f"TypeError: Failed to fetch dynamically imported module: {URL}u.js",
        ],
    )
    def test_a_fault_of_the_tools_own_stays_one_whatever_its_words(self, message: str) -> None:
        found = findings.from_exception(thrown(message), Document(URL, "<p>", 1), LOAD)
        assert found is not None
        assert found.severity == "fatal"

    @pytest.mark.parametrize(
        ("description", "lacking", "fatal"),
        [
            ("ReferenceError: gone is not defined\n    at b.onclick", "", True),
            ("TypeError: a.go is not a function\n    at b.onclick", "", True),
            ("TypeError: navigator.share is not a function\n    at b", "", False),
            ("ReferenceError: Chart is not defined\n    at b", "https://cdn.example", False),
            ("ReferenceError: Chart is not defined\n    at b", "https://img.example", True),
            ("TypeError: rows.map is not a function\n    at b", "https://api.example", False),
            ("Error: Type something\n    at b", "", False),
            ("TypeError: x is null\n    at b", "", False),
        ],
    )
    def test_a_wrong_name_that_was_caught_and_logged_is_a_fault(
        self, description: str, lacking: str, fatal: bool
    ) -> None:
        error = {"type": "object", "subtype": "error", "description": description}
        event = {"type": "error", "args": [{"type": "string", "value": "Oh:"}, error]}
        document = Document(
            URL, "<script src='https://cdn.example/chart.js'></script>fetch('a')", 1
        )
        logged = findings.from_console(event, document, LOAD)
        assert logged is not None
        lacked = replace(
            logged, kind=NEEDS_NETWORK, message=f"needs network: {lacking}", severity="advisory"
        )
        found, *_ = findings.settled([logged, *([lacked] if lacking else [])], document)
        assert (found.kind, found.severity == "fatal") == ("console", fatal)

    def test_what_a_library_caught_of_a_handler_is_a_fault(self) -> None:
        """Vue logs what a handler throws: an error that nobody handles."""
        error = {
            "type": "object",
            "subtype": "error",
            "description": "TypeError: x is null\n    at b",
        }
        for path, severity in (("libraries/cdn/vue.js", "fatal"), ("secret/", "advisory")):
            frame = {"url": f"http://abc.localhost:1234/{path}", "lineNumber": 1}
            event = {"type": "error", "args": [error], "stackTrace": {"callFrames": [frame]}}
            logged = findings.from_console(event, DOCUMENT, LOAD)
            assert logged is not None
            assert logged.severity == severity

    @pytest.mark.parametrize(
        ("text", "fatal"),
        [
            ("Uncaught ReferenceError: gone is not defined", True),
            ("Uncaught (in promise) TypeError: Cannot read properties of null (reading 'a')", True),
            ("Uncaught Error: too large", False),
            ("Uncaught TypeError: Failed to fetch", False),
        ],
    )
    def test_what_ends_a_worker_is_a_fault(self, text: str, fatal: bool) -> None:
        found = findings.from_log(
            {"level": "error", "source": "worker", "text": text}, DOCUMENT, LOAD
        )
        assert found is not None
        assert (found.severity == "fatal") is fatal

    def test_after_a_file_of_no_kind_that_is_asked_for_an_error_says_little(self) -> None:
        unsure = Moment("interact", "file field ‘Track’", unsure=True)
        for message, severity in (
            ("Error: not a track", "advisory"),
            ("ReferenceError: gone is not defined", "fatal"),
        ):
            found = findings.from_exception(thrown(message), DOCUMENT, unsure)
            assert found is not None
            assert found.severity == severity

    def test_a_part_of_data_that_never_came_is_missed_without_fault_later(self) -> None:
        script = "let rates;\nfetch('https://a.example').then((r) => { rates = r; });"
        html = f"<script>\n{script}\nout.textContent = rates.EUR;\nlet kept = {{}};\nkept.EUR.x;"
        document = Document(URL, html, 1)
        message = "TypeError: Cannot read properties of undefined (reading 'EUR')"
        for line, severity in ((4, "advisory"), (6, "fatal")):
            missed = findings.from_exception(
                thrown(message, line=line), document, Moment("interact", "button ‘Go’")
            )
            assert missed is not None
            lacked = replace(
                missed, kind=NEEDS_NETWORK, message="needs network: https://a.example", phase="load"
            )
            assert findings.settled([missed, lacked], document)[0].severity == severity

    def test_data_that_could_not_be_fetched_are_missed_without_fault(self) -> None:
        document = Document(URL, "<script>\nfetch('https://a.example')\n</script>", 1)
        for name, excused in (("rates", True), ("textContent", False)):
            details = thrown(f"TypeError: Cannot read properties of undefined (reading '{name}')")
            missed = findings.from_exception(
                {**details, "text": "Uncaught (in promise)"}, document, LOAD
            )
            assert missed is not None
            message = "needs network: https://a.example"
            lacked = replace(missed, kind=NEEDS_NETWORK, message=message, severity="advisory")
            for seen, severity in (([missed, lacked], excused), ([missed], False)):
                assert (findings.settled(seen, document)[0].severity == "advisory") is severity

    @pytest.mark.parametrize(
        ("html", "fatal"),
        [
            ("<script src=app.js></script>", True),
            ("<script defer src='./js/app.js?v=2'></script>", True),
            ("<script type=module>import { a } from './app.js'</script>", True),
            ("<script type=module>import './app.js'</script>", True),
            ("<script>import('./app.js').catch(() => {})</script>", False),
            ("<script src=myapp.js></script>", False),
            ("<script>new Worker('./app.js')</script>", True),
        ],
    )
    def test_a_script_that_was_to_lie_beside_the_document_is_missed_fatally(
        self, html: str, fatal: bool
    ) -> None:
        details = {"blockedURL": URL + "app.js", "violatedDirective": "script-src-elem"}
        issue = {"details": {"contentSecurityPolicyIssueDetails": details}}
        found = findings.from_issue(issue, Document(URL, html, 1), LOAD)
        assert found is not None
        assert (found.message, found.severity == "fatal") == ("missing file: app.js", fatal)

    @pytest.mark.parametrize(
        ("call", "message", "advice"),
        [
            (
                "navigator.mediaDevices.getUserMedia({ video: true })",
                "NotFoundError: Requested device not found",
                "no camera and no microphone",
            ),
            (
                "navigator.mediaDevices.getUserMedia({ audio: true })",
                "NotAllowedError: Permission denied",
                "choose a picture or a recording",
            ),
            (
                "navigator.geolocation.getCurrentPosition(show)",
                "Geolocation has been disabled in this document by permissions policy.",
                "where a person is only once they allow it",
            ),
            (
                "navigator.clipboard.readText()",
                "NotAllowedError: The Clipboard API has been blocked because of a policy.",
                "a field to paste into",
            ),
        ],
    )
    def test_what_no_tool_has_is_told_with_what_to_do_instead(
        self, call: str, message: str, advice: str
    ) -> None:
        """However the tool and the browser say it, it is one finding, where the tool asks."""
        document = Document(URL, f"<script>\n{call}\n</script>", 1)
        log = {"level": "error", "text": f"Permissions policy violation: {message}"}
        line = {"type": "error", "args": [{"type": "string", "value": f"Oh: {message}"}]}
        found = [
            findings.from_log(log, document, LOAD),
            findings.from_exception(thrown(message), document, LOAD),
            findings.from_console(line, document, LOAD),
        ]
        assert found[0] is not None
        assert advice in found[0].message
        assert (found[0].severity, found[0].line) == ("advisory", 2)
        assert found == [found[0]] * 3

    def test_an_error_of_the_tools_own_about_a_camera_is_an_error(self) -> None:
        document = Document(URL, "<script>\nnavigator.mediaDevices.getUserMedia()\n</script>", 1)
        message = "TypeError: camera is not a function"
        found = findings.from_exception(thrown(message), document, LOAD)
        assert found is not None
        assert (found.severity, found.message) == ("fatal", message)

    def test_resize_observer_noise_is_nothing(self) -> None:
        message = "ResizeObserver loop completed with undelivered notifications."
        details = {"text": f"Uncaught {message}", "url": URL}
        assert findings.from_exception(details, DOCUMENT, LOAD) is None

    def test_a_blocked_origin_is_told_once_by_name_and_where_it_is_written(self) -> None:
        issue = {
            "details": {
                "contentSecurityPolicyIssueDetails": {
                    "blockedURL": "https://api.example.org/x",
                    "violatedDirective": "connect-src",
                }
            }
        }
        found = findings.from_issue(issue, DOCUMENT, LOAD)
        assert found is not None
        assert (found.kind, found.severity) == ("needs network", "advisory")
        assert found.message == "needs network: https://api.example.org"
        assert found.line == 2

    def test_what_a_file_from_disk_asks_of_the_network_is_told_by_origin(self) -> None:
        """Its policy let that through: nothing but the network was missing."""
        url = "https://api.example.org/x?q=1"
        entry = {"level": "error", "source": "network", "url": url, "text": "Failed to load"}
        from_disk = Document("file:///tool.html", f"<p>\n{url}", 0)
        found = findings.from_log(entry, from_disk, LOAD)
        assert found is not None
        assert (found.kind, found.severity, found.line) == ("needs network", "advisory", 2)
        assert found.message == "needs network: https://api.example.org"
        beside = findings.from_log({**entry, "url": "file:///x.png"}, from_disk, LOAD)
        assert beside is not None
        assert beside.kind == "resource"

    def test_a_file_beside_the_document_is_a_missing_file(self) -> None:
        issue = {
            "details": {
                "contentSecurityPolicyIssueDetails": {
                    "blockedURL": URL + "style.css",
                    "violatedDirective": "style-src-elem",
                }
            }
        }
        found = findings.from_issue(issue, DOCUMENT, LOAD)
        assert found is not None
        assert found.message == "missing file: style.css"

    @pytest.mark.parametrize(
        ("html", "fatal"),
        [
            ("<script type=module>import a from 'https://c.example/a.js'</script>", True),
            ("<script type=module>import 'https://c.example/a.js'</script>", True),
            ("<script type=module>await import('https://c.example/a.js')</script>", False),
            ("<script src='https://c.example/a.js'></script>", False),
            (
                (
                    '<script type=importmap>{"imports": {"a": "https://c.example/a.js"}}</script>'
                    "<script type=module>import a from 'a'</script>"
                ),
                True,
            ),
        ],
    )
    def test_a_library_that_a_module_imports_is_missed_fatally(
        self, html: str, fatal: bool
    ) -> None:
        issue = {
            "details": {
                "contentSecurityPolicyIssueDetails": {
                    "blockedURL": "https://c.example/a.js",
                    "violatedDirective": "script-src-elem",
                }
            }
        }
        found = findings.from_issue(issue, Document(URL, html, 1), LOAD)
        assert found is not None
        assert (found.severity == "fatal") is fatal

    def test_a_module_is_told_from_a_script_in_time_that_grows_with_the_document(self) -> None:
        details = {"violatedDirective": "script-src-elem", "blockedURL": "https://cdn.example/a.js"}
        issue = {"details": {"contentSecurityPolicyIssueDetails": details}}
        own = {**details, "blockedURL": URL + "a.js"}
        beside = {"details": {"contentSecurityPolicyIssueDetails": own}}
        error = {
            "type": "object",
            "subtype": "error",
            "description": "ReferenceError: a is not defined",
        }
        logged = {"type": "error", "args": [error]}

        def read(size: int) -> None:
            html = "<script " * (size // 8)
            document = Document(URL, html, 1)
            assert findings.from_issue(issue, document, LOAD) is not None
            assert findings.from_issue(beside, document, LOAD) is not None
            assert findings.from_exception(thrown("Error: Load failed"), document, LOAD) is not None
            assert findings.from_console(logged, document, LOAD) is not None

        assert growth(read, 30_000) < 8


class TestSignatures:
    def test_numbers_places_and_addresses_do_not_count(self) -> None:
        one = sign("error", "item 3 of 17 at http://ab.localhost:1234/x is  not there", "draw")
        two = sign("error", "item 12 of 2 at http://cd.localhost:99/y is not there", "draw")
        assert one == two

    def test_kind_message_and_place_do_count(self) -> None:
        signed = {sign("error", "a", "f"), sign("rejection", "a", "f"), sign("error", "b", "f")}
        assert len(signed | {sign("error", "a", "g")}) == 4

    @given(st.text())
    def test_any_text_can_be_signed(self, text: str) -> None:
        assert re.fullmatch("[0-9a-f]{16}", sign("error", text))

    def test_lone_surrogates_can_be_signed(self) -> None:
        assert sign("error", "\ud800")


class TestVerdict:
    def test_a_fatal_finding_fails_and_a_note_does_not(self) -> None:
        assert conclude([finding("advisory")]).verdict is Verdict.PASSED
        assert conclude([finding("advisory"), finding("fatal", "t")]).verdict is Verdict.FAILED

    def test_without_a_run_nothing_is_passed_or_failed(self) -> None:
        for seen in ([], [finding("fatal")]):
            conclusion = conclude(seen, ran=False)
            assert conclusion.verdict is Verdict.NOT_TESTED
            assert conclusion.reason

    def test_what_nobody_used_for_want_of_time_is_not_tested_and_the_reason_is_told(self) -> None:
        reason = "Time ran out: 0 of 3 controls were used."
        conclusion = conclude([finding("advisory")], unused=True, reason=reason)
        assert (conclusion.verdict, conclusion.reason) == (Verdict.NOT_TESTED, reason)
        assert conclude([], unused=True).reason
        assert conclude([finding("fatal")], unused=True).verdict is Verdict.FAILED

    def test_what_was_used_in_part_passes_with_the_reason(self) -> None:
        reason = "Time ran out: 1 of 3 controls were used."
        conclusion = conclude([], reason=reason)
        assert (conclusion.verdict, conclusion.reason) == (Verdict.PASSED, reason)

    def test_only_a_run_cut_for_time_with_every_control_unused_is_not_tested(self) -> None:
        expected = {
            (True, 3, 0): Verdict.NOT_TESTED,
            (True, 3, 1): Verdict.PASSED,
            (True, 0, 0): Verdict.PASSED,
            (False, 3, 0): Verdict.PASSED,
        }
        for (out_of_time, found, used), verdict in expected.items():
            run = Run(controls_found=found, controls_used=used, out_of_time=out_of_time)
            attempt = Attempt(run)
            assert report([], attempt, attempt, 1).verdict is verdict

    def test_each_signature_is_told_once_fatal_ones_first(self) -> None:
        told = conclude([finding("advisory", "a"), finding("fatal", "b"), finding("fatal", "b")])
        assert [(one.severity, one.signature) for one in told.findings] == [
            ("fatal", "b"),
            ("advisory", "a"),
        ]


class TestSource:
    @pytest.mark.parametrize(
        ("html", "message", "line"),
        [
            ("<p>\n<script>\nlet a", "<script> is never closed", 2),
            ("<style>p { color: red }", "<style> is never closed", 1),
            ("<p>\n<textarea>x</p>", "<textarea> is never closed", 2),
            ("<p>\n\n<!-- forgotten", "a comment, <!--, is never closed", 3),
            ("<script>a</script >\n<SCRIPT >b", "<script> is never closed", 2),
            ("<style/><p>swallowed", "<style> is never closed", 1),
            ("<svg/><style/><p>swallowed", "<style> is never closed", 1),
            ("<svg><style/></svg>\n<title/>", "<title> is never closed", 2),
            ("<svg><style media=x/></svg>\n<style>", "<style> is never closed", 2),
            ("<svg><foreignObject><textarea/><p>x", "<textarea> is never closed", 1),
            ("<svg>\n<title>Icon</svg><p>in the title", "<title> is never closed", 2),
        ],
    )
    def test_what_is_not_closed_is_found(self, html: str, message: str, line: int) -> None:
        (found,) = read_findings(html)
        assert found.message.startswith(message)
        assert (found.severity, found.line) == ("fatal", line)

    @pytest.mark.parametrize(
        "html",
        [
            "<!doctype html><html><script>'<!--'; '<style>'</script></html>",
            "<input placeholder=\"<script> here\"><p title='<!-- x'>don't</p>",
            "<!--> <!---> <!-- a --!> <p>a</p>",
            "<textarea><script></textarea>",
            "<p>no html element</p>",
            "<svg><style/><title/><script href='a'/></svg><p>seen",
            "<math><style /></math><SVG><Style/></SVG>",
            '<svg><g><style media="x"/></g><path d="M0 0"/></svg><style>p{}</style>',
            "<svg><style>p{}</svg><p>seen",
            "<svg><foreignObject><textarea></textarea></foreignObject><style/></svg>",
        ],
    )
    def test_what_is_closed_is_not_reported(self, html: str) -> None:
        assert read_findings(html) == []

    def test_an_empty_document_is_blank(self) -> None:
        assert [(one.kind, one.severity) for one in read_findings(" \n")] == [("blank", "fatal")]

    def test_a_missing_end_is_a_note(self) -> None:
        (found,) = read_findings("<html>\n<p>and so")
        assert (found.severity, found.kind, found.line) == ("advisory", "truncated", 2)

    @pytest.mark.parametrize(
        ("html", "line"),
        [
            ("<html><body>\n<div>\n<p>a", 3),
            ("<html><body>\n<button>Go</button>\n", 2),
            ("<html><body><div id=root></div><script src=react.js></script>", 1),
            ("<html><body><button>Go</button><script type=application/json>{}</script>", 1),
            ("<p>a\n<a<b<c", 2),
            ("<p>seen<a title='>' b='<textarea>", 1),
            ("<html><body>\n<script>\nlet a =", 3),
        ],
    )
    def test_a_document_that_breaks_off_fails(self, html: str, line: int) -> None:
        found = read_findings(html)[-1]
        assert (found.severity, found.kind, found.line) == ("fatal", "truncated", line)

    @pytest.mark.parametrize(
        "html",
        [
            "<html><body><div><p>a</div><button>Go</button><script>1</script>",
            "<html><body><p>a page to read",
            "<html><body><div>a</body>",
            "<div>a part<button>Go</button>",
            "<html><body><button>Go</button><script type=module>1</script>",
        ],
    )
    def test_an_end_that_may_be_left_out_fails_none(self, html: str) -> None:
        assert not [one for one in read_findings(html) if one.severity == "fatal"]

    @pytest.mark.parametrize(
        ("html", "name"),
        [
            ("<style>\np { color: red }\n</head>\n<body><style>a {}</style>", "<style>"),
            ("<title>Tea<meta charset=utf-8></title>", "<title>"),
            ("<textarea>a<textarea>b</textarea>", "<textarea>"),
        ],
    )
    def test_what_a_later_end_closes_swallows_too(self, html: str, name: str) -> None:
        (found,) = read_findings(html)
        assert found.message == f"{name} is never closed: what follows is swallowed"

    @given(st.text(alphabet="<>!-/ ='\"scriptyle\n"))
    def test_any_text_can_be_read(self, html: str) -> None:
        assert len(read_findings(html)) <= 2

    @pytest.mark.parametrize("part", ["=", "<svg ", "<svg/>", "<svg>", "</svg>", "a='", "<a/"])
    def test_a_large_document_is_read_in_time_that_grows_with_its_length(self, part: str) -> None:
        def seconds(times: int) -> float:
            begun = time.thread_time()  # what others do on this machine does not count
            read_findings("<svg><a " + part * times + "/>" + "</math></svg>" * times)
            return time.thread_time() - begun

        assert seconds(80_000) < 40 * max(seconds(8_000), 0.002)

    @pytest.mark.parametrize(
        ("start", "part", "end"),
        [
            ("<!doctype html><title>T</title><p>x<", "a", ""),
            ("<a ", ' ="<a "', ""),
            ("", "<a b='", ""),
            ("", '<a b=""', ""),
            ("<svg>", "<style>", ""),
            ("<svg>", "<style>x", "</svg>"),
            ("<a ", "b ", ">"),
            ("<!--", "--", ""),
        ],
    )
    def test_no_text_takes_longer_than_its_length(self, start: str, part: str, end: str) -> None:
        def read(size: int) -> None:
            read_findings(start + repeated(part, size) + end)

        assert growth(read, 30_000) < 8

    def test_what_stands_in_a_tag_that_never_ends_is_in_no_element(self) -> None:
        assert [one.kind for one in read_findings('<p>seen<a title="<script>')] == ["truncated"]
        (found,) = read_findings('<a title=">">seen</a><script>')
        assert found.kind == "unclosed"


class TestValues:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            (Field("email"), "ada@example.org"),
            (Field("text", words="Your e-mail"), "ada@example.org"),
            (Field("number", words="People"), "4"),
            (Field("number", minimum="100", maximum="200"), "150"),
            (Field("number", minimum="0", maximum="1", step="0.1"), "0.5"),
            (Field("number", words="Tip", placeholder="e.g. 20"), "20"),
            (Field("number", value="7"), "8"),
            (Field("number", value="2500000"), "2500001"),
            (Field("number", minimum="nan", maximum="inf", step="0"), "12"),
            (Field("text", words="Bill amount"), "120"),
            (Field("text", placeholder="e.g. 3 cups flour"), "3 cups flour"),
            (Field("text", placeholder="#ff8800"), "#ff8800"),
            (Field("text", placeholder="0.00"), "12"),
            (Field("date", minimum="2030-01-01"), "2030-01-01"),
            (Field("date", maximum="2020-01-01"), "2020-01-01"),
            (Field("text", pattern="[unclosed"), "Tea and cake"),
            (Field("text", placeholder="you@example.co.uk"), "you@example.co.uk"),
            (Field("number", step="1e-310"), "12"),
            (Field("text", max_length=3), "Tea"),
            (Field("text", value="kept as it is"), "kept as it is"),
            (Field("text", words="Expression"), "2 + 3 * 4"),
            (Field("text", words="Regular expression"), r"\w+"),
            (Field("text", words="Coordinates (lat, lng)"), "52.52, 13.405"),
            (Field("text", words="Latitude"), "52.52"),
            (Field("text", words="RGB colour"), "rgb(51, 102, 204)"),
            (Field("text", words="Background colour"), "#3366cc"),
            (Field("text", words="Numbers, comma-separated"), "3, 5, 8, 13"),
            (Field("text", words="Chemical formula"), "C6H12O6"),
            (Field("text", words="Time zone"), "Europe/Berlin"),
            (Field("textarea", words="YAML"), "name: Tea\namount: 3.5"),
        ],
    )
    def test_a_value_fits_its_field(self, field: Field, value: str) -> None:
        assert value_for(field) == value

    def test_the_page_is_given_a_choice_where_there_is_a_pattern(self) -> None:
        values = values_for(Field("text", pattern="[A-Z]{2}[0-9]{2}", value="none", max_length=5))
        assert values[0] == "none"
        assert {"AB12", "12345", "ABC-1"} <= set(values)

    def test_what_a_tool_writes_takes_no_time(self) -> None:
        endless = Field(value="a" * 26 + "!", pattern="(a+)+")
        fields = [endless, Field(placeholder="@.a" * 400 + " a")]
        begun = time.thread_time()
        for field in fields:
            value_for(field)
        assert time.thread_time() - begun < 0.2

    @pytest.mark.parametrize("part", ["@", "a@", "@.", "a.", "0", "e.g. "])
    def test_a_placeholder_is_read_in_time_that_grows_with_its_length(self, part: str) -> None:
        def read(size: int) -> None:
            value_for(Field("text", placeholder=repeated(part, size) + " a"))

        assert growth(read, 4_000) < 8

    def test_a_field_for_json_gets_json(self) -> None:
        assert json.loads(value_for(Field("textarea", words="Paste JSON here")))

    @given(
        low=st.integers(-1000, 1000),
        span=st.integers(0, 1000),
        step=st.integers(1, 50),
        words=st.sampled_from(["", "people", "height", "year", "bill"]),
    )
    def test_a_number_is_within_its_limits(
        self, low: int, span: int, step: int, words: str
    ) -> None:
        high = low + span
        field = Field("number", words, minimum=str(low), maximum=str(high), step=str(step))
        value = int(value_for(field))
        assert low <= value <= high
        assert (value - low) % step == 0


def control(number: int, name: str, kind: str = "press", type_: str = "button") -> Control:
    return Control(number, kind, "button", type_, "", name, "", 0, False, Field())  # type: ignore[arg-type]


def tour_of(*controls: Control, most: int = 40) -> list[str]:
    tour, names = Tour(most), []
    tour.see(controls)
    while (chosen := tour.next()) is not None:
        if not tour.is_used(chosen):
            names.append(chosen.name)
        tour.mark_used(chosen)
        tour.see(controls)
    return names


def pressed(views: dict[str, list[str]], leads: dict[str, str]) -> list[str]:
    """Go through a page where presses show views: by what was pressed, or by where it leads."""
    tour, shown, order = Tour(40), "", []
    ids = {name: at for at, name in enumerate(sorted({n for v in views.values() for n in v}), 1)}

    def look() -> None:
        tour.see([control(ids[name], name) for name in views[shown]])

    look()
    while (chosen := tour.next(gently=True) or tour.next()) is not None:
        order.append(chosen.name)
        tour.mark_used(chosen)
        onward = f"{shown} {chosen.name}".strip()
        shown = leads.get(chosen.name, onward if onward in views else shown)
        shown = chosen.name if chosen.name in views and onward not in views else shown
        look()
    return order


class TestTour:
    def test_fields_come_first_and_destructive_buttons_last(self) -> None:
        order = tour_of(
            control(1, "Clear all"),
            control(2, "×"),
            control(3, "Save"),
            control(4, "Loud", type_="checkbox"),
            control(5, "Name", "type", "text"),
        )
        assert order == ["Name", "Loud", "Save", "Clear all", "×"]

    def test_of_many_alike_three_are_used(self) -> None:
        assert len(tour_of(*(control(n, f"Item {n}") for n in range(1, 20)))) == 3

    def test_of_rows_that_are_drawn_anew_the_first_and_the_last_are_used(self) -> None:
        tour, used, number = Tour(40), [], 0
        rows = ["Tea", "Cake", "Jam", "Milk"]
        for _ in range(20):
            numbers = range(number + 1, number + 1 + len(rows))
            number += len(rows)
            tour.see([control(one, "Delete") for one in numbers])
            if (chosen := tour.next()) is None:
                break
            used.append(rows.pop(chosen.id - numbers[0]))
            tour.mark_used(chosen)
        assert used[:2] == ["Tea", "Milk"]
        assert len(used) <= 3

    def test_a_row_that_is_no_longer_the_same_is_used_once_more(self) -> None:
        """What adds a row by writing all anew leaves the earlier ones without a listener."""
        tour, order, rows, number = Tour(40), [], 0, 1
        while rows < 9:
            done = [control(number + row, "Done") for row in range(rows)]
            tour.see([control(1, "Add"), *done])
            if (chosen := tour.next()) is None:
                break
            order.append(chosen.id if chosen.id == 1 else chosen.id - number)
            tour.mark_used(chosen)
            if chosen.id == 1:
                rows, number = rows + 1, number + 10
        assert order == [1, 0, 1, 0]

    def test_buttons_are_pressed_a_second_time_what_destroys_too(self) -> None:
        order = pressed({"": ["Clear", "Save"]}, {})
        assert order == ["Save", "Clear", "Save", "Clear"]

    def test_the_view_in_sight_is_used_before_another_is_opened(self) -> None:
        views = {"": ["Next", "Boil", "Clear"], "Next": ["Next", "Fry"]}
        assert pressed(views, {})[:3] == ["Boil", "Next", "Fry"]

    def test_what_was_hidden_unused_is_gone_back_for(self) -> None:
        views = {"": ["Tea", "Cake", "Boil"], "Cake": ["Tea", "Cake", "Bake"]}
        assert pressed(views, {"Tea": ""})[:6] == ["Tea", "Cake", "Bake", "Cake", "Tea", "Boil"]

    def test_what_leads_on_is_pressed_as_long_as_it_does(self) -> None:
        steps = {"": ["Go", "One"], "Go": ["Go", "Two"], "Go Go": ["Go", "Three"]}
        assert pressed(steps, {})[:4] == ["Go", "Two", "Go", "Three"]

    def test_what_went_away_unused_counts_as_found(self) -> None:
        tour = Tour(40)
        tour.see([control(1, "Go"), control(2, "Stay")])
        tour.mark_used(control(1, "Go"))
        tour.see([control(1, "Go")])
        assert (tour.used, tour.found) == (1, 2)

    def test_a_field_that_is_empty_again_is_filled_again_once(self) -> None:
        tour, name, add = Tour(40), control(1, "Name", "type", "text"), control(2, "Add")
        tour.see([name, add])
        assert tour.emptied(add) == []
        tour.mark_used(name)
        assert tour.emptied(add) == [name]
        tour.mark_refilled(name)
        assert tour.emptied(add) == []

    def test_the_keys_of_a_calculator_are_not_alike(self) -> None:
        assert len(tour_of(*(control(n + 1, str(n)) for n in range(10)))) == 10

    def test_the_budget_ends_the_tour(self) -> None:
        assert len(tour_of(*(control(n, "a" * n) for n in range(1, 20)), most=5)) == 5

    def test_what_is_drawn_anew_again_and_again_is_used_once_more_at_most(self) -> None:
        tour = Tour(40)
        number = 1
        tour.see([control(number, "Add")])
        while (chosen := tour.next()) is not None:
            tour.mark_used(chosen)
            number += 1
            tour.see([control(number, "Add")])
        assert tour.used == 1

    def test_what_was_covered_is_tried_again_after_something_changed(self) -> None:
        tour, behind, close = Tour(40), control(1, "Go"), control(2, "Close")
        tour.see([behind, close])
        assert tour.next() == behind
        tour.mark_blocked(behind)
        assert tour.next() == close
        tour.mark_used(close)
        assert tour.next() == behind

    def test_what_stays_covered_is_given_up(self) -> None:
        tour = Tour(40)
        tour.see([control(1, "Go")])
        tour.mark_blocked(control(1, "Go"))
        assert tour.next() is None
        assert (tour.used, tour.found) == (0, 1)

    def test_a_control_is_called_as_a_person_would(self) -> None:
        assert control(1, "Export CSV").label == "button ‘Export CSV’"
        assert control(1, "Bill", "type", "number").label == "field ‘Bill’"
        assert control(1, "").label == "button"
        assert len(control(1, "x" * 100).label) < 60


def picture(pixels: list[list[bytes]], filters: list[int]) -> bytes:
    """Encode rows of RGB pixels with the given filter types (PNG, section 9)."""
    rows, above = [], bytes(3 * len(pixels[0]))
    for row, kind in zip(pixels, filters, strict=True):
        flat = b"".join(row)
        left = bytes(3) + flat[:-3]
        predicted = {
            0: bytes(len(flat)),
            1: left,
            2: above,
            3: bytes((a + b) // 2 for a, b in zip(left, above, strict=True)),
            4: paeth(left, above),
        }[kind]
        rows.append(
            bytes([kind]) + bytes((x - p) % 256 for x, p in zip(flat, predicted, strict=True))
        )
        above = flat
    header = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + bytes(4) for kind, body in parts
    )


def paeth(left: bytes, above: bytes) -> bytes:
    corner = bytes(3) + above[:-3]
    return bytes(
        min((a, b, c), key=lambda v, p=a + b - c: abs(p - v))
        for a, b, c in zip(left, above, corner, strict=True)
    )


class TestPictures:
    @given(st.binary(min_size=3, max_size=3), st.lists(st.integers(0, 4), min_size=4, max_size=4))
    def test_one_colour_is_one_colour_however_it_is_encoded(
        self, colour: bytes, filters: list[int]
    ) -> None:
        assert is_one_colour(picture([[colour] * 5 for _ in filters], filters))

    @given(
        st.binary(min_size=3, max_size=3),
        st.lists(st.integers(0, 4), min_size=4, max_size=4),
        st.integers(0, 3),
        st.integers(0, 4),
    )
    def test_one_other_pixel_is_seen(
        self, colour: bytes, filters: list[int], y: int, x: int
    ) -> None:
        pixels = [[colour] * 5 for _ in filters]
        pixels[y][x] = bytes([colour[0] ^ 1]) + colour[1:]
        assert not is_one_colour(picture(pixels, filters))

    @given(st.lists(st.integers(0, 4), min_size=4, max_size=4))
    def test_stripes_are_seen(self, filters: list[int]) -> None:
        assert not is_one_colour(picture([[bytes([9 * y] * 3)] * 5 for y in range(4)], filters))


class TestFiles:
    @pytest.mark.parametrize(
        ("accept", "words", "name"),
        [
            (".csv,text/csv", "", "sample.csv"),
            ("application/json", "", "sample.json"),
            ("image/*", "", "sample.png"),
            (".pdf", "", "sample.pdf"),
            (".zip", "", "sample.zip"),
            ("", "Open a CSV file", "sample.csv"),
            ("", "", "sample.txt"),
            (".gpx", "", "sample.gpx"),
            (".geojson,application/geo+json", "", "sample.geojson"),
            (".ics", "", "sample.ics"),
            (".docx", "", "sample.docx"),
            (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "",
                "sample.xlsx",
            ),
            ("", "Statistics and graphics", "sample.txt"),
        ],
    )
    def test_a_file_is_of_the_accepted_type(self, accept: str, words: str, name: str) -> None:
        assert sample_file(accept, words).name == name

    def test_a_kind_that_is_not_had_is_told_from_one_that_fits(self) -> None:
        for accept, fits in (("video/*", False), (".blend", False), ("text/*", True), ("", True)):
            assert sample_file(accept).fits is fits

    def test_files_are_real(self) -> None:
        for accept in (".docx", ".xlsx"):
            names = zipfile.ZipFile(BytesIO(sample_file(accept).content)).namelist()
            assert "[Content_Types].xml" in names
        assert json.loads(sample_file(".json").content)
        assert zipfile.ZipFile(BytesIO(sample_file(".zip").content)).namelist() == ["sample.txt"]
        assert not is_one_colour(png())


def test_shortcuts_are_the_keys_that_a_document_asks_for() -> None:
    far = "x" * 200
    code = f"""if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 's') keep(); {far}
if (e.key === '?') help(); if (e.code === "KeyP") play(); if (e.key === ' ') go(); {far}
switch (e.key) {{ case 'Delete': drop(); case 'soup': }} {far}
if (e.altKey && e.key == 'N') add(); {far} if (e.ctrlKey && e.key === 'w') shut();"""
    assert shortcuts(code) == ("Control+s", "?", "KeyP", "Space", "Delete", "Alt+n")
    assert shortcuts("".join(f"e.key === '{letter}';" for letter in "abcdefghijklmno"))[9:] == (
        "j",
    )
    assert shortcuts("switch (kind) { case 'a': }") == ()
