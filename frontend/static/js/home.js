import { ages } from "./ages.js";
import { tellAgain } from "./brought.js";
import { attachments } from "./attach.js";
import { create } from "./create.js";
import { draft } from "./draft.js";
import { dropping } from "./drop.js";
import { estimate } from "./estimate.js";
import { examples } from "./examples.js";
import { importing } from "./import.js";
import { pageData } from "./page-data.js";
import { probe } from "./probe.js";
import { submitWhenWorded } from "./submit.js";
import { themeToggle } from "./theme.js";
import { deletable, offerUndo } from "./trash.js";
import { warm } from "./warm.js";

const data = pageData();
const form = document.getElementById("create");
const box = document.getElementById("prompt");
const menu = form.querySelector("[data-model]");
const kept = draft(box, "sandwright.prompt");

themeToggle();
ages();
const renew = submitWhenWorded(form, box, form.querySelector("[type=submit]"));
estimate(box, menu, document.getElementById("estimate"), data.recipes);
examples(box);
const files = attachments(form);
create(form, { box, menu, files, draft: kept, frame: data.frame, renew });
// Below a site of its own a tool has no process to wait for; behind a tunnel it is another machine's.
probe({ ahead: true }).then((level) => level === "site" && warm(data.frame));
const problem = document.querySelector(".ask [data-problem]");
const told = document.querySelector("[data-imported]");
const take = importing(document.querySelector("[data-import]"), problem, told);
dropping(form, { take, attach: files.add, place: told, problem });
tellAgain(told, problem);
deletable(document.getElementById("cards"), problem);
offerUndo(document.querySelector("[data-undo]"), problem);
