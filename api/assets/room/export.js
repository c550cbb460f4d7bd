// What waits on this machine, in an encrypted file for the supervisor: it opens for this sheet only, on the server only.
import { seal, toBase64 } from "./sealed.js";
/** @import { Box } from "./store.js" */
/** @import { RoomData } from "./types.js" */

/** @param {RoomData} data @param {Box[]} boxes @param {number} made_ms */
export async function queueFile(data, boxes, made_ms) {
  const streams = boxes.filter((box) => box.steps.length > 0).map(({ stream, steps }) => ({ stream, steps }));
  const sealed = await seal(data.queue_key, `docimo queue 1\n${data.attempt}`, JSON.stringify({ made_ms, streams }));
  return JSON.stringify({ docimo: "queue", version: 1, attempt: data.attempt, sealed: toBase64(sealed) });
}

/** @param {string} name @param {string} text */
export function saveFile(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
