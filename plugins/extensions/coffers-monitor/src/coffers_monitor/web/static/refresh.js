// Fetches the page once a minute and takes over what is in it. Without this script the browser does so by itself.
"use strict";
const everyMs = 60000;

async function refresh() {
  if (document.hidden) return;
  let answer;
  try {
    answer = await fetch(location.href, { redirect: "manual" });
  } catch {
    document.body.classList.add("away");  // shown: these figures are old
    return;
  }
  if (!answer.ok) {
    location.reload();
    return;
  }
  document.body.classList.remove("away");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.getAttribute("href");
  document.getElementById("main").replaceChildren(...fresh.getElementById("main").childNodes);
  document.title = fresh.title;
  if (focused) document.querySelector(`#main a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

setInterval(refresh, everyMs);
document.addEventListener("visibilitychange", refresh);
