"""The API's shapes, as OpenAPI shows them. Field names are DESIGN's; absent values are null."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sandbox.origins import Level
from sandbox.smoke.libraries import LONGEST_ADDRESS

MAX_PROMPT_BYTES = 100_000

Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Attachment(Shape):
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100)]
    data: Annotated[str, Field(description="base64", max_length=14_000_000)]


FrameLabel = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z2-7]{16}$"),
    Field(description="the frame's host label, when the page has opened its site ahead"),
]


FrameSecret = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z2-7]{32}$"),
    Field(description="the frame's secret, when the page has opened the frame ahead"),
]


class Wish(Shape):
    prompt: Prompt
    model: ModelName | None = None
    attachments: Annotated[list[Attachment], Field(max_length=10)] = []


class NewArtifact(Wish):
    frame_label: FrameLabel | None = None
    frame_secret: FrameSecret | None = None


class NewMessage(Wish):
    base_version: VersionNumber | None = None
    recipe_first: Annotated[
        bool,
        Field(
            description="if a recipe made the base version and can do all that is asked, it does;"
            " else the model"
        ),
    ] = False


class NewFix(Shape):
    version: VersionNumber
    findings: list[str] | None = None
    model: ModelName | None = None


class ModelChoice(Shape):
    model: ModelName | None = None


class LibraryWish(Shape):
    address: Annotated[
        str,
        StringConstraints(min_length=1, max_length=LONGEST_ADDRESS),
        Field(description="of a CDN, as a tool loads it"),
    ]
    integrity: Annotated[
        Annotated[str, StringConstraints(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")] | None,
        Field(description="of the package's archive: no other one is added"),
    ] = None


class BroughtFile(Shape):
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    data: Annotated[str, Field(description="base64")]


class NewImport(Shape):
    """`html`, or `file`: HTML, a zip of a page with its files, .jsx, .tsx, .svg or .md.

    A React component's code as `html` is made into a document, as that of a .jsx is.
    """

    html: str | None = None
    file: BroughtFile | None = None
    title: Annotated[str, StringConstraints(max_length=1000)] | None = None


class LackingLibrary(BaseModel):
    """A library that imported tools use and that is not here; `tools` are ids of some.

    `POST /api/libraries` with `address` and `integrity` adds it, and so does the command `add`.
    Both are null where another archive of this name and version is here.
    """

    name: str
    version: str
    integrity: str
    tools: list[str]
    address: str | None
    add: str | None


class ImportedEverything(BaseModel):
    """How many tools came, and how many were here already and stayed as they are.

    `behind` of these have fewer versions here than in the archive; `without_grants` of those that
    came had permissions that they have not here. `artifacts` are the ids of those that came,
    `binned` of those that were here, in the bin. `libraries` are what tools of the archive use and
    is not here: nothing of it was fetched.
    """

    added: int
    kept: int
    behind: int
    without_grants: int
    artifacts: list[str]
    binned: list[str]
    libraries: list[LackingLibrary]
    words: str


ArtifactId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{1,32}$")]


class Several(Shape):
    ids: Annotated[list[ArtifactId], Field(max_length=1000)]


class ArtifactChange(Shape):
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class Grants(Shape):
    network: Annotated[list[str], Field(max_length=50)] = []
    geolocation: bool = False
    clipboard_read: bool = False


class GrantsChange(Grants):
    """What is granted from now on; `kept_blocked` stays as it is when it is left out."""

    kept_blocked: Annotated[list[str], Field(max_length=200)] | None = None
    version: Annotated[
        VersionNumber | None, Field(description="the version in sight; default: the newest")
    ] = None


class GrantsShown(Grants):
    """The grants of an artifact, and how the version that was asked about stands to them."""

    kept_blocked: list[str]
    given_on: int | None
    version: int | None
    holds: bool | None
    asks_more: list[str]
    allow: str | None


class Grantable(Shape):
    origin: str


class StoredChanges(Shape):
    """By key: a text, or null for a key that is gone. An area that is left out is left alone."""

    local: dict[str, str | None] = {}
    indexed: dict[str, str | None] = {}


class StoredUnits(BaseModel):
    """UTF-16 units of keys and values, as browsers count."""

    local: int
    indexed: int


class StoredData(BaseModel):
    """`local` is localStorage; `indexed` holds the records of IndexedDB in a form of our own."""

    local: dict[str, str]
    indexed: dict[str, str]
    used: StoredUnits
    quota: StoredUnits


class LevelFound(Shape):
    level: Level


class EstimateQuestion(Shape):
    """Of a new tool; or, as `POST …/messages` has it, of a change of an `artifact`."""

    prompt: Prompt
    model: ModelName | None = None
    artifact: Annotated[str, StringConstraints(max_length=32)] | None = None
    base_version: VersionNumber | None = None
    recipe_first: bool = False


class Usage(BaseModel):
    input: int | None
    output: int | None
    reasoning: int | None
    cached: int | None
    written: Annotated[int | None, Field(description="into the host's cache")] = None


class Cost(BaseModel):
    amount: float
    currency: str


class Spent(BaseModel):
    """`cost` is that of the calls whose cost is known; null where none of them is."""

    key: Annotated[str | None, Field(description="day, provider/model, artifact or version")]
    title: Annotated[str | None, Field(description="the artifact's, if it is not in the bin")]
    calls: int
    unknown: Annotated[int, Field(description="calls of which nobody knows the cost")]
    usage: Usage
    cost: Cost | None


class Spending(BaseModel):
    items: list[Spent]
    next: str | None
    total: Spent


class GenerationError(BaseModel):
    code: str
    message: str
    action: str


class Finding(BaseModel):
    kind: str
    severity: Literal["fatal", "advisory"]
    phase: Literal["load", "interact"]
    message: str
    signature: str
    line: int | None
    column: int | None
    control: str | None
    adds: str | None = None
    steps: Annotated[list[str], Field(description="the last things done until then")] = []
    picture: str | None = None


class Step(BaseModel):
    """One thing that the test did; `picture` shows the page after it, `box` the control in that.

    `box` is left, top, width and height in hundredths of the picture's own.
    """

    told: str
    at_ms: int
    picture: str | None = None
    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None


class NamedLibrary(BaseModel):
    name: str
    version: str
    licence: str


class LibrariesAdded(BaseModel):
    items: list[NamedLibrary]


class ListedLibrary(NamedLibrary):
    here: bool
    added: bool


class Libraries(BaseModel):
    items: list[ListedLibrary]


class Report(BaseModel):
    verdict: Literal["passed", "failed", "not tested"]
    findings: list[Finding]
    duration_ms: int
    screenshots: list[str]
    controls_found: int
    controls_used: int
    reason: str | None
    created: str
    words: Annotated[str, Field(description="the verdict in one line")]
    steps: list[Step]
    browser: str | None
    policy: str | None
    loaded_ms: int | None


class ExportCheck(BaseModel):
    """`words` says all of it in sentences; `lacking` is what the file has not, by name."""

    verdict: Literal["passed", "failed", "not tested"]
    findings: list[Finding]
    bytes: int
    libraries: list[NamedLibrary]
    lacking: list[str]
    words: list[str]


class Artifact(BaseModel):
    id: str
    title: str
    url: str
    live_version: int | None
    created: str
    updated: str
    deleted: str | None
    grants: Grants
    prompt: str
    pinned_version: int | None
    version_count: int
    verdict: Annotated[str | None, Field(description="of the live version")]
    newest_verdict: str | None
    model: str | None
    state: str | None
    declined: bool
    thumbnail: str | None


class RepairAttempt(BaseModel):
    """Which of the attempts that may follow each other a repair by a model is."""

    number: int
    of: int


class Generation(BaseModel):
    id: str
    artifact: str
    kind: str
    state: Literal["queued", "streaming", "testing", "done", "failed", "cancelled", "interrupted"]
    base_version: int | None
    version: int | None
    repairs: str | None
    attempt: RepairAttempt | None
    continues: str | None
    frame_url: str
    provider: str
    model: str
    prompt: str
    usage: Usage | None
    cost: Cost | None
    seconds: float | None
    error: GenerationError | None
    kept: bool
    can_continue: bool
    created: str
    ended: str | None


class Version(BaseModel):
    n: int
    parent: int | None
    origin: str
    title: str
    prompt: str | None
    provider: str | None
    model: str | None
    usage: Usage | None
    cost: Cost | None
    seconds: float | None
    grants: Grants
    created: str
    frame_url: str
    live: bool
    report: Report | None
    thumbnail: str | None


class LedgerEntry(BaseModel):
    """One repair: `before` and `after` are the signatures of fatal findings."""

    generation: str
    ledger: Annotated[str, Field(description="the generation of the first repair")]
    attempt: int
    mechanical: bool
    base: int | None
    version: int | None
    before: list[str] | None
    after: list[str] | None
    changed: str | None
    tokens: int | None
    cost: Cost | None
    seconds: float | None
    outcome: Annotated[str | None, Field(description="the sentence that it ended with")]
    created: str


class Ledger(BaseModel):
    items: list[LedgerEntry]
    next: None


class SentAttachment(BaseModel):
    name: str
    media_type: str
    size: Annotated[int, Field(description="in bytes")]


class Message(BaseModel):
    id: str
    role: Literal["user", "assistant"]
    kind: str
    text: str
    html: str | None
    attachments: list[SentAttachment]
    generation: str | None
    version: int | None
    created: str


class ArtifactList(BaseModel):
    items: list[Artifact]
    next: str | None


class MessageList(BaseModel):
    items: list[Message]
    next: str | None


class VersionList(BaseModel):
    items: list[Version]
    next: str | None


class Created(BaseModel):
    artifact: Artifact
    generation: Generation


class Imported(BaseModel):
    """`missing`: files that a page of an archive refers to, and that are not in it.

    `notes` say what else may not be as it was: files that scripts name, letters that were replaced.
    """

    artifact: Artifact
    version: Version
    missing: list[str] = []
    notes: list[str] = []


class Started(BaseModel):
    generation: Generation


class Made(BaseModel):
    version: Version


class Changed(BaseModel):
    artifact: Artifact


class Emptied(BaseModel):
    deleted: int


class Nearest(BaseModel):
    name: str
    title: str
    example: str


class Estimate(BaseModel):
    provider: str
    model: str
    tokens_in: int
    tokens_out: Annotated[int | None, Field(description="at most, about")]
    tokens_out_least: Annotated[int | None, Field(description="at least, about")]
    cost: Annotated[Cost | None, Field(description="about; null when the price is unknown")]
    recipe: str | None
    title: str | None
    parameters: dict[str, Any]
    nearest: list[Nearest]


class Price(BaseModel):
    """US dollars for a million tokens; what is null costs as input or output does."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    reasoning: float | None = None


class Model(BaseModel):
    provider: str
    model: str
    id: str
    label: str
    context: int | None
    price: Price | None
    images: bool | None


class DefaultModel(BaseModel):
    provider: str
    model: str
    label: str
    why: str


class ModelsNote(BaseModel):
    provider: str
    message: str


class PriceList(BaseModel):
    list: str
    dated: str


class Models(BaseModel):
    """`connected`: the model that does what the recipes cannot, or null where there is none."""

    default: DefaultModel
    connected: DefaultModel | None
    items: list[Model]
    errors: list[ModelsNote]
    notes: list[ModelsNote]
    prices: Annotated[PriceList, Field(description="what knows prices that a host does not tell")]


class Health(BaseModel):
    status: Literal["ok"]


class Problem(BaseModel):
    """RFC 9457; every error of the API looks like this."""

    type: str
    title: str
    status: int
    detail: str
    action: str | None = None
    code: str | None = None
    errors: list[dict[str, str]] | None = None
