// Last before the tool: every feature in its place, then the port goes to the page, and nothing
// of this is left that the tool could reach. No code of the tool's runs before the end of this: its
// document comes after. What it left in the frame's name and what it has stored are read as data, and
// nothing in them may throw here: it would leave the tool without the walls that come next.

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
