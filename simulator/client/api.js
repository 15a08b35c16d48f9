// The door to the server: everything under /sim/.

async function read(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store" });
  const body = await answer.json().catch(() => undefined);
  if (!answer.ok || body === undefined) throw new Error(body?.error || `HTTP ${answer.status}`);
  return body;
}

const query = (args) => new URLSearchParams(Object.entries(args).filter(([, v]) => v !== undefined && v !== null)).toString();

export const getState = (as) => read(`/sim/state?${query({ as })}`);
export const getMessages = async (as, channel, thread) => {
  const body = await read(`/sim/messages?${query({ as, channel, thread })}`);
  return Array.isArray(body) ? body : body.messages || [];
};
export const getHome = async (as) => {
  const body = await read(`/sim/home?${query({ as })}`);
  const view = body && "home" in body ? body.home : body && "view" in body ? body.view : body;
  return view && view.blocks ? view : null;
};
export const getModals = async (as) => {
  const body = await read(`/sim/modals?${query({ as })}`);
  return Array.isArray(body) ? body : body.modals || body.stack || [];
};

/** Does something as a person. Always resolves: a lost connection is an answer too. */
export async function act(as, what, fields = {}) {
  try {
    const answer = await fetch("/sim/act", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ as, act: what, ...fields }),
    });
    const body = await answer.json().catch(() => null);
    if (body && typeof body === "object") return { ok: answer.ok, ...body };
    return { ok: false, error: answer.ok ? "invalid_response" : `http_${answer.status}` };
  } catch {
    return { ok: false, error: "connection_failed", offline: true };
  }
}

/** Calls `onEvent` for each thing that changed, `onOpen` at each (re)connection, `onDown` when the line is lost. */
export function stream(as, { onEvent, onOpen, onDown }) {
  let source = null;
  let retry = 0;
  const open = () => {
    if (source) return;
    source = new EventSource(`/sim/stream?${query({ as })}`);
    source.onopen = () => onOpen();
    source.onmessage = (event) => {
      let change = null;
      try {
        change = JSON.parse(event.data);
      } catch {
        return;
      }
      onEvent(change);
    };
    source.onerror = () => {
      onDown();
      // A browser gives up for good on some errors; then it must be asked again.
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        retry = setTimeout(open, 1500);
      }
    };
  };
  const close = () => {
    clearTimeout(retry);
    source?.close();
    source = null;
  };
  // Browsers allow six connections to one host: pages nobody looks at must not hold one.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  if (!document.hidden) open();
  return close;
}

/** Presses one of the extra buttons of the bar and answers with the text to show. */
export async function press(control) {
  try {
    const answer = await fetch(control.url, { method: control.method || "POST" });
    const text = (await answer.text()).trim();
    let words = text;
    try {
      const body = JSON.parse(text);
      words = typeof body === "string" ? body : body.text || body.message || body.error || text;
    } catch {
      // Plain text is shown as it is.
    }
    return { ok: answer.ok, text: words || (answer.ok ? `${control.label}: done` : `${control.label}: HTTP ${answer.status}`) };
  } catch {
    return { ok: false, text: `${control.label}: no answer` };
  }
}
