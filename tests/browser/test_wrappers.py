"""The libraries that people put over IndexedDB work over ours, as their makers published them."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.test_databases import Tool, opened
from tests.conftest import Process

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).resolve().parents[2]

# name, version, SHA-512 and the file that a page would load
PACKAGES = {
    "idb": (
        "8.0.4",
        "sha512-jd0ITCrN+Zah4J7R/Z2jnR3W7A4BXDAjmo62MwWuSjxCiueUAf7X5rbodEdidWzeknwXHmLpdZkoiiCppNi30Q==",
        "build/umd.js",
    ),
    "dexie": (
        "4.4.7",
        "sha512-wemFiCl3DTCnfzyqepUTX1ugbYbkTrw3aEZOG7YjAOUoEQB5g5PrEywPzk5JpbX/SxqQ9IvjUpxCDIEjoOWEfA==",
        "dist/dexie.min.js",
    ),
    "localforage": (
        "1.10.0",
        "sha512-14/H1aX7hzBBmmh7sGPd+AOMkkIrHM3Z1PAyGgZigA1H1p5O5ANnMyWzvpAETtG68/dC4pC0ncy3+PPGzXZHPg==",
        "dist/localforage.min.js",
    ),
}

USES = {
    "idb": """
      const db = await idb.openDB("shop", 2, {
        upgrade(db) { db.createObjectStore("items", { keyPath: "id", autoIncrement: true })
          .createIndex("price", "price"); },
      });
      if (first) {
        const deal = db.transaction("items", "readwrite");
        await Promise.all([1, 2, 3].map((price) => deal.store.add({ price })));
        await deal.done;
      }
      let cursor = await db.transaction("items").store.index("price").openCursor(
        IDBKeyRange.lowerBound(2), "prev");
      const met = [];
      while (cursor) { met.push(cursor.value.price); cursor = await cursor.continue(); }
      for await (const one of db.transaction("items").store) met.push(one.key);
      const range = await db.getAllFromIndex("items", "price", IDBKeyRange.only(3));
      const stores = [...db.objectStoreNames].join();
      return [...met, range.length, await db.count("items"), stores].join();
    """,
    "dexie": """
      const db = new Dexie("friends");
      db.version(1).stores({ friends: "++id, name, *tags" });
      db.version(2).stores({ friends: "++id, name, *tags, age" })
        .upgrade((deal) => deal.table("friends").toCollection().modify({ age: 1 }));
      if (first) {
        await db.transaction("rw", db.friends, async () => {
          await db.friends.bulkAdd([
            { name: "Ada", age: 30, tags: ["x", "y"] }, { name: "Bo", age: 20, tags: ["y"] }]);
          await db.friends.where("name").equals("Bo").modify({ age: 25 });
        });
        await db.transaction("rw", db.friends, async () => {
          await db.friends.clear();
          throw new Error("no");
        }).catch(() => {});
      }
      const met = await db.friends.where("age").above(10).reverse().toArray();
      const tagged = await db.friends.where("tags").equals("y").count();
      const live = await new Promise((done) => {
        Dexie.liveQuery(() => db.friends.count()).subscribe(done);
      });
      return [...met.map(({ name, age }) => name + age), tagged, live, db.verno].join();
    """,
    "localforage": """
      if (first) {
        await localforage.setItem("a", { when: new Date(5), raw: new Uint8Array([1, 2]) });
        await localforage.setItem("b", new Blob(["text"]));
        await localforage.setItem("gone", 1);
        await localforage.removeItem("gone");
      }
      const { when, raw } = await localforage.getItem("a");
      const blob = await localforage.getItem("b");
      const same = localforage.driver() === localforage.INDEXEDDB;
      const keys = await localforage.keys();
      return [when.getTime(), raw[1], await blob.text(), keys.join(" "), same].join();
    """,
}

SAID = {
    "idb": "3,2,1,2,3,1,3,items",
    "dexie": "Ada30,Bo25,2,2,2",
    "localforage": "5,2,text,a b,true",
}


@pytest.fixture(scope="module")
def vendor() -> Any:
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "scripts" / "vendor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = module
    spec.loader.exec_module(module)
    return module


def source(vendor: Any, name: str) -> str:
    version, integrity, file = PACKAGES[name]
    package = vendor.Package(name, version, "", integrity, name, (file,))
    archive = vendor._download(package)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        member = tar.extractfile(f"package/{file}")
        assert member is not None
        return member.read().decode().replace("</script", "<\\/script")


@pytest.mark.parametrize(
    "name", ["idb", *(pytest.param(one, marks=pytest.mark.sandbox) for one in USES if one != "idb")]
)
async def test_a_library_over_indexed_db_works_and_its_data_last(
    page: Page, server: Process, api: Any, vendor: Any, name: str
) -> None:
    """It writes, reads, walks and takes back; after a reload of our page it reads the same."""
    use = f"const use = async (first) => {{ {USES[name]} }};"
    html = f"<!doctype html><title>{name}</title><script>{source(vendor, name)}</script>"
    tool = Tool(api(server.url), f"{html}<script>{use}</script>")
    frame = await opened(page, tool.url)
    assert await frame.evaluate("use(true)") == SAID[name]
    frame = await opened(page, tool.frame_url)
    assert await frame.evaluate("use(false)") == SAID[name]
