/** @file A TCP proxy between one page and the stack, to interrupt the network. */
import { connect, createServer } from "node:net";

/** Opens a proxy to `url`. `cut` closes all connections and refuses new ones until `restore`. */
export async function openProxy(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const closeSockets = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      isCut = true;
      closeSockets();
    },
    restore() {
      isCut = false;
    },
    async close() {
      closeSockets();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
