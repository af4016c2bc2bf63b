// Last before the tool: every feature in its place, then the port goes to the page, and nothing
// of this is left that the tool could reach.

installStored();
installChannel();
installCookies();
// Reading it throws in an opaque origin; tools ask `"serviceWorker" in navigator`.
delete Navigator.prototype.serviceWorker;
installReports();
installAsked();

handOver();
document.currentScript.remove();
