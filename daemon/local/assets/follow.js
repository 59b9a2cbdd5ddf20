"use strict";
// follow keeps a page informed of the terminal's state for as long as the page is open. A browser gives up an event stream
// that was refused once; a page on a gate has nobody who would load it again, so this one asks again for ever.

function follow(state, lost) {
  let events;
  let again = 0; // milliseconds until the next try
  const connect = () => {
    events = new EventSource("/api/v1/events");
    events.onopen = () => { again = 0; };
    events.onmessage = (e) => state(JSON.parse(e.data));
    events.onerror = () => {
      lost();
      if (events.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      again = Math.min(Math.max(2 * again, 500), 2000);
      setTimeout(connect, again);
    };
  };
  connect();
}
