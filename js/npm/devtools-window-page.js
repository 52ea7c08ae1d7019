// The page of the panel's window. It is made here, from Blobs, because bundlers give modules other names and places and mix
// them with the app's; it has no inline script, and the page's content security policy holds in it as well.

/** Where this module is, if it is served as it is: the window's module is beside it then. */
const UNBUNDLED = /^(https?:.*\/)devtools-window-page\.js(?=$|[?#])/.exec(String(import.meta.url));

/**
 * Makes the window's page for a channel.
 * @returns {Promise<{ url: string, release(): void }>} rejects when the page's policy lets no script of the window run
 */
export async function makeWindowPage(channel) {
  const urls = [];
  const blobUrl = (text, type) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    urls.push(url);
    return url;
  };
  const release = () => urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  // What the page's own scripts show, where its policy asks for one.
  const nonce = document.querySelector('script[nonce]')?.nonce ?? '';
  try {
    let address = UNBUNDLED && `${UNBUNDLED[1]}devtools-window.js`;
    if (!address) {
      if (!(await runs(blobUrl('', 'text/javascript'), nonce))) {
        throw new Error("The page's content security policy forbids the window's script: allow blob: in its script-src, or dock the panel in the page.");
      }
      address = await modulesAsBlobs((text) => blobUrl(text, 'text/javascript'));
    }
    return { url: blobUrl(pageText(channel, address, nonce), 'text/html'), release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Makes a Blob of each of the window's modules, and returns the address of the last, with which it begins. */
async function modulesAsBlobs(blobUrl) {
  const { sources, carried } = await import('./devtools-window-sources.js');
  const addresses = new Map();
  for (const [name, load] of Object.entries(carried)) {
    const { length, text } = await load();
    addresses.set(name, blobUrl(`export const length = ${length};\nexport const text = ${JSON.stringify(text)};\n`));
  }
  let last;
  for (const [name, source] of sources) {
    last = blobUrl(source.replace(/(?<=['"])atelier:([^'"]+)(?=['"])/g, (_, name) => addresses.get(name)));
    addresses.set(name, last);
  }
  return last;
}

/** Whether the page's policy lets a script of this address run. */
function runs(address, nonce) {
  return new Promise((resolve) => {
    const script = document.createElement('script');
    script.type = 'module';
    script.nonce = nonce;
    const end = (loaded) => {
      script.remove();
      resolve(loaded);
    };
    script.onload = () => end(true);
    script.onerror = () => end(false);
    try {
      script.src = address;
    } catch {
      // Trusted types forbid this page to do so, and say nothing of what the window's page holds.
      resolve(true);
      return;
    }
    document.head.append(script);
  });
}

/** What the window shows until its script runs. */
const NO_SCRIPT = '<p>The panel is being loaded. If nothing else comes, the content security policy of the page lets no script run here: dock the panel in the page.</p>';

function pageText(channel, address, nonce) {
  const quoted = (text) => text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Atelier devtools</title>
<meta name="viewport" content="width=device-width"><meta name="atelier-devtools-window" content="${quoted(channel)}">
<link rel="icon" href="data:,"><script type="module"${nonce && ` nonce="${quoted(nonce)}"`} src="${quoted(address)}"></script></head><body>${NO_SCRIPT}</body></html>`;
}
