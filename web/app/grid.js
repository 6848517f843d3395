/** @file The pages of a large call: a few tiles at a time, the people who speak on the first page. Pure. */

/**
 * Returns the order of the tiles: as before, newcomers at the end. Who speaks and is not on the first page takes the place
 * of the last one there who does not speak, so that as few tiles move as possible.
 * @param {string[]} before the order of the tiles that were shown
 * @param {string[]} present the users to show now, in the order in which they came
 * @param {Set<string>} speaking
 * @param {number} size number of tiles of a page
 * @returns {string[]}
 */
export function tileOrder(before, present, speaking, size) {
  const order = before.filter((userId) => present.includes(userId));
  order.push(...present.filter((userId) => !order.includes(userId)));
  for (let at = size; at < order.length; at += 1) {
    if (!speaking.has(order[at])) continue;
    const silent = order.slice(0, size).findLastIndex((userId) => !speaking.has(userId));
    if (silent < 0) break;
    [order[silent], order[at]] = [order[at], order[silent]];
  }
  return order;
}

/**
 * Returns one page of the tiles.
 * @param {string[]} order
 * @param {number} wanted number of the page, from 0; a page that does not exist any more is the last one
 * @param {number} size
 * @returns {{shown: string[], page: number, pages: number}}
 */
export function tilePage(order, wanted, size) {
  const pages = Math.max(1, Math.ceil(order.length / size));
  const page = Math.min(Math.max(0, wanted), pages - 1);
  return { shown: order.slice(page * size, (page + 1) * size), page, pages };
}
