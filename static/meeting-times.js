// The reader's own time beside that of the meeting, from the zone of the browser. Once: it is kept
// in the cookie that the page "Your time zone" sets, and from then on the portal writes the times.
(() => {
  "use strict";
  const line = document.querySelector("[data-zones]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!line || !zone || /(?:^|; )zone=/.test(document.cookie)) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;

  const language = document.documentElement.lang;
  const parts = (moment, options) => Object.fromEntries(
    new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options })
      .formatToParts(moment).map(({ type, value }) => [type, value]));
  const day = { year: "numeric", month: "2-digit", day: "2-digit" };
  const own = (moment) => ({
    ...parts(moment, { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "shortOffset" }),
    weekday: parts(moment, { weekday: "short" }).weekday,
  });

  let differs = false;
  let offset = "";
  document.querySelectorAll("time[data-clock]").forEach((time) => {
    const [there, clock] = time.dateTime.split("T");
    const here = own(new Date(time.dateTime));
    const today = `${here.year}-${here.month}-${here.day}`;
    const small = time.parentElement.nextElementSibling;
    offset ||= here.timeZoneName.replace("GMT", "UTC").replace("-", "−").replace(/\+0$/, "");
    small.textContent = "";
    if (today === there && clock.startsWith(`${here.hour}:${here.minute}`)) return;
    differs = true;
    small.textContent = `${here.hour}:${here.minute}`;
    if (today === there) return;
    small.prepend(`${here.weekday} `);
    const mark = document.createElement("span");
    mark.className = "sr";
    const shift = (Date.parse(today) - Date.parse(there)) / 86400000;
    mark.textContent = ` (${line.getAttribute(`data-shift${shift}`)})`;
    small.append(mark);
  });
  if (!offset) return;
  const words = line.querySelector("[data-own-zone]");
  const city = zone.split("/").pop().replaceAll("_", " ");
  const name = offset === city ? city : `${city} (${offset})`;
  words.textContent = (differs ? words.dataset.words : words.dataset.same).replace("ZONE", name);
  const link = line.querySelector("[data-change]");
  link.textContent = link.dataset.change;
})();
