// Last before the tool: every feature in its place, then the port goes to the page, and nothing
// of this is left that the tool could reach.

installStored();
const standTraps = setTraps(tellTrapped, whenActed, dialogsShown, (handler) => listen("alien", handler));
const standKeys = keepKeys((handler) => listen("free", ({ yes }) => handler(yes)));
const nestedText = raiseWalls((url) => send({ type: "open", url }), reopened, [setTraps, keepKeys], leadNested);
installChannel();
installCookies();
installReports();
installAsked();
installActs();
installDownloads();
installWorkers();
installSockets();
installNested();
installLibraries();

// `document.open` takes every listener away.
function reopened() {
  standKeys();
  watchWindow();
  watchActs();
  watchDownloads();
  watchStored();
  standTraps();
}

handOver();
document.currentScript.remove();
