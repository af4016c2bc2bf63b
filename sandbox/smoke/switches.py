"""Switches that every Chromium of ours gets in place of Playwright's.

Playwright turns off the guard that keeps a page's own navigations from hanging the browser; people
have it, so a tool is seen with it. And of a switch that is given twice Chromium takes the last, so
what Playwright turns off is said again with what we add.
"""

from __future__ import annotations

# As in Playwright's chromiumSwitches.ts; a test compares them.
_OFF_BY_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)

# Two pages of the address bar's own, which each new window would load: nobody sees them, and they
# take longer than a small tool.
_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")

FEATURES_OFF = (*_OFF_BY_PLAYWRIGHT, *_ADDRESS_BAR)


def without(*features: str) -> str:
    """Write the switch that turns these off."""
    return f"--disable-features={','.join(features)}"


SWITCHES = (without(*FEATURES_OFF),)
NOT_PLAYWRIGHTS = ("--disable-ipc-flooding-protection",)
"""For `launch(args=…, ignore_default_args=…)`."""
