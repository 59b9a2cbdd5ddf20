// The wallet's memory: IndexedDB, which keeps keys that JavaScript can use but not read.

const name = "umbral-wallet", table = "values";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(table);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(table, mode);
      const request = act(transaction.objectStore(table));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const get = (key) => transact("readonly", (t) => t.get(key));
export const put = (key, value) => transact("readwrite", (t) => t.put(value, key));
export const clear = () => transact("readwrite", (t) => t.clear());

// newKey makes a key pair whose private half cannot leave the browser: Ed25519 where there is one, else ECDSA P-256.
export async function newKey() {
  let pair, algorithm = "EdDSA";
  try {
    pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  } catch {
    algorithm = "ES256";
    pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  }
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { algorithm, privateKey: pair.privateKey, raw };
}
