"""Tell an error of what the surroundings lack from a fault of the tool's own. Pure.

By the browser's own words, which begin a message. A word like "network" in the middle is no excuse.
"""

from __future__ import annotations

import re

# What not every browser has, or not on every machine.
_NAMES = (
    "BarcodeDetector|FaceDetector|TextDetector|NDEFReader|NDEFMessage|EyeDropper|ImageCapture"
    "|(?:webkit)?Speech(?:Recognition|GrammarList)|Accelerometer|Gyroscope|Magnetometer"
    "|(?:LinearAcceleration|Gravity|(?:Absolute|Relative)Orientation|AmbientLight)Sensor"
    "|PaymentRequest|ApplePaySession|IdleDetector|PresentationRequest|WebTransport"
    "|Translator|LanguageDetector|LanguageModel|Summarizer|Rewriter|Proofreader"
    "|documentPictureInPicture|SharedArrayBuffer|Temporal|cookieStore|launchQueue"
    "|GPU(?:BufferUsage|TextureUsage|ShaderStage|MapMode|ColorWrite)|XRWebGLLayer|XRRigidTransform"
    "|show(?:Open|Save|Directory)FilePicker|queryLocalFonts|getScreenDetails"
)
_OF_NAVIGATOR = (
    r"share|canShare|vibrate|getBattery|(?:set|clear)AppBadge|requestMIDIAccess|getGamepads"
    r"|requestMediaKeySystemAccess|getInstalledRelatedApps|webkitGetUserMedia|getUserMedia"
    r"|wakeLock\.request|xr\.(?:requestSession|isSessionSupported)"
    r"|gpu\.(?:requestAdapter|getPreferredCanvasFormat)"
    r"|(?:bluetooth|usb|serial|hid)\.(?:request(?:Device|Port|LEScan)|get(?:Devices|Ports|Availability))"
    r"|mediaDevices\.(?:getUserMedia|getDisplayMedia|enumerateDevices|selectAudioOutput)"
    r"|clipboard\.(?:writeText|readText|write|read)|contacts\.select|credentials\.(?:get|create)"
    r"|storage\.(?:getDirectory|estimate|persist)|keyboard\.(?:lock|getLayoutMap)"
)
_MISSING = re.compile(
    rf"ReferenceError: (?:{_NAMES}) is not defined"
    rf"|TypeError: (?:(?:window|self|globalThis)\.)?(?:{_NAMES}) is not a (?:constructor|function)$"
    rf"|TypeError: (?:window\.)?navigator\.(?:{_OF_NAVIGATOR}) is not a function$"
    r"|TypeError: \S+\.(?:requestFullscreen|webkitRequestFullscreen|requestPictureInPicture"
    r"|captureStream|setSinkId|requestPointerLock) is not a function$"
)
# What is read of an object that is not there: by its name, and by what the document calls it.
_READ = re.compile(
    r"TypeError: Cannot (?:read|set) properties of (?:null|undefined)"
    r" \((?:reading|setting) '(?P<name>[^']{1,60})'\)"
)
_OF_WHAT = (
    ("requestAdapter|getPreferredCanvasFormat", r"\bgpu\b"),
    ("requestDevice|getDevices|features|limits", r"\b(?:gpu|bluetooth|usb|hid)\b"),
    ("requestPort|getPorts", r"\bserial\b"),
    ("requestSession|isSessionSupported", r"\bxr\b"),
    ("getUserMedia|getDisplayMedia|enumerateDevices|ondevicechange", r"\bmediaDevices\b"),
    ("request|release", r"\bwakeLock\b"),
    ("getDirectory|estimate|persist", r"\bnavigator\.storage\b"),
    ("select|getProperties", r"\bnavigator\.contacts\b"),
    ("voiceURI|lang|name|localService", r"\bgetVoices\b"),
    (
        (
            r"(?:create|compile|attach|link|use|bind|clear|enable|draw|uniform|vertex|get|tex|delete)"
            r"[A-Z]\w*|clear|enable|disable|viewport|scissor|canvas|drawingBuffer\w+|[A-Z][A-Z0-9_]+"
        ),
        r"getContext\(\s*[\"'](?:experimental-)?webgl",
    ),
    ("configure|getCurrentTexture", r"getContext\(\s*[\"']webgpu"),
)
# No network, no permission, no device, no sound, no graphics card.
_SAID = re.compile(
    r"TypeError: (?:Failed to fetch|NetworkError when|Load failed|network error)"
    r"|(?:Axios)?Error: Network Error"
    r"|(?:\w+: )?NotAllowedError\b|AbortError\b|NotFoundError: (?:Requested|The requested) device"
    r"|(?:\w+: )?[^\n]{0,200}\b(?:[Pp]ermissions? policy|Permission (?:denied|dismissed))"
    r"|(?:Security|InvalidState|Network)Error: [^\n]{0,80}'(?:WebSocket|EventSource|XMLHttp\w+)'"
    r"|NotSupportedError: [^\n]{0,80}(?:supported sources?|play\(\))"
    r"|(?:\w+: )?[^\n]{0,80}(?:play\(\) (?:request was interrupted|failed because)"
    r"|Error creating WebGL context|WebGL context could not be created"
    r"|WebGL(?:2)? (?:is )?not (?:supported|available)|WebGPU (?:is )?not (?:supported|available))"
)
# The same in the words of a library or of the tool, which says them of its own rules as well.
_OWN_WORDS = re.compile(
    r"\w*Error: [^\n]{0,200}(?:Failed to fetch|NetworkError|Load failed|WebSocket|EventSource"
    r"|ERR_(?:NAME_NOT_RESOLVED|INTERNET_DISCONNECTED|FAILED|BLOCKED))"
)
UNDEFINED = re.compile(
    r"(?:Uncaught )?(?:ReferenceError: \S+ is not defined"
    r"|TypeError: .+ is not a (?:function|constructor)$)"
)
"""A name that the tool calls and that nobody made is the tool's own fault, whatever its words."""


def misses_power(message: str, html: str) -> bool:
    """Whether an error tells of what not every browser or machine has."""
    if _MISSING.match(message):
        return True
    read = _READ.match(message)
    return read is not None and any(
        re.fullmatch(names, read["name"]) and re.search(word, html) for names, word in _OF_WHAT
    )


def tells_of_lack(message: str, *, asks_network: bool) -> bool:
    """Whether an error tells of no network, no permission or no device."""
    if UNDEFINED.match(message):
        return False
    return _SAID.match(message) is not None or (
        asks_network and _OWN_WORDS.match(message) is not None
    )
