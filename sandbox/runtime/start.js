// Last before the tool: every feature in its place, then the port goes to the page, and nothing
// of this is left that the tool could reach.

installStored();
raiseWalls((url) => send({ type: "open", url }), watchWindow);
installChannel();
installCookies();
installReports();
installAsked();

handOver();
document.currentScript.remove();
