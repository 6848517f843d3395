/** @file The pages of a large call. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { tileOrder, tilePage } from "../app/grid.js";
import { callTitle } from "../app/words.js";

const people = ["a", "b", "c", "d", "e", "f", "g"];

test("tiles keep their places, and newcomers come at the end", () => {
  assert.deepEqual(tileOrder([], people, new Set(), 3), people);
  assert.deepEqual(tileOrder(["c", "a", "x"], ["a", "b", "c"], new Set(), 3), ["c", "a", "b"]);
});

test("who speaks comes to the first page, in the place of the last silent one", () => {
  assert.deepEqual(tileOrder(people, people, new Set(["f"]), 3), ["a", "b", "f", "d", "e", "c", "g"]);
  assert.deepEqual(tileOrder(people, people, new Set(["b"]), 3), people, "is there already");
  const loud = tileOrder(people, people, new Set(["c", "d", "e", "f"]), 3);
  assert.deepEqual(new Set(loud.slice(0, 3)), new Set(["c", "d", "e"]), "one speaker does not put out another one");
  assert.deepEqual([...loud].sort(), people);
});

test("a page that is gone is the last one", () => {
  assert.deepEqual(tilePage(people, 1, 3), { shown: ["d", "e", "f"], page: 1, pages: 3 });
  assert.deepEqual(tilePage(people, 9, 3), { shown: ["g"], page: 2, pages: 3 });
  assert.deepEqual(tilePage([], 0, 3), { shown: [], page: 0, pages: 1 });
});

test("the title of a large call is a number", () => {
  assert.equal(callTitle("", ["Alice", "Bob"]), "Alice, Bob");
  assert.equal(callTitle("", ["Alice", "Bob", "Carol", "Dave"]), "5 people");
  assert.equal(callTitle("Planning", ["Alice"]), "Planning");
  assert.equal(callTitle("", []), "Call");
});
