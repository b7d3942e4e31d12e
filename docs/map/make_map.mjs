// Draws the two files that the map of experts stands on:
//   static/world.svg        the six regions of the list, each one shape without inner borders
//                           (borders are disputed, regions are not); the pages point at the shapes
//                           with <use>, so that they travel once and take their colours from the page
//   partners/data/map.json   where the figure of each region and the dot of each country stand
//
// Once, in any empty folder (not needed to run the portal):
//   npm i world-atlas@2 topojson-client@3 topojson-simplify@3 d3-geo@3 i18n-iso-countries@7
//   cp <repository>/docs/map/make_map.mjs . && node make_map.mjs <repository>
//
// Shapes: Natural Earth (public domain) through world-atlas. Projection: Equal Earth,
// because a map of partners must not make the north bigger than it is.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature, merge } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const require = createRequire(import.meta.url);
const iso = require("i18n-iso-countries");
const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/countries-50m.json")));
const repository = process.argv[2];
const regions = JSON.parse(readFileSync(`${repository}/partners/data/regions.json`));

const WIDTH = 1000;
const HEIGHT = 470;
const VIEW = "20 2 968 436"; // empty sea at the edges is cut off
const WEIGHT = 0.1; // square degrees: points of a coast that change less are dropped
const ISLAND = 2; // rings smaller than this (square units) are dropped
const ANTARCTICA = "010";
const LABELS = { // longitude, latitude of the figure
  "east-asia": [112, 36], oceania: [134, -25], "south-west-asia": [62, 31],
  africa: [20, 4], america: [-58, -9], europe: [38, 58],
};
// Land that is in no row of regions.json takes the colour of the land around it: a colour on
// this map says where on earth something is, and nothing about anybody's status.
const AROUND = { TW: "east-asia", HK: "east-asia", MO: "east-asia", EH: "africa", GL: "america",
  PR: "america", FK: "america", NC: "oceania", PF: "oceania", FO: "europe" };
const UNCODED = { Kosovo: "europe", "N. Cyprus": "europe", Somaliland: "africa" };

const TOO_SMALL = { TV: [179.2, -8.5] }; // not in the atlas: longitude, latitude

const topology = simplify(presimplify(atlas), WEIGHT);
const shapes = topology.objects.countries.geometries;
const projection = geoEqualEarth().rotate([-11, 0]).fitExtent(
  [[2, 2], [WIDTH - 2, HEIGHT + 26]], { type: "Sphere" });
const path = geoPath(projection);

const regionOf = { ...AROUND };
for (const region of regions) for (const code of region.countries) regionOf[code] = region.code;
const codeOf = (shape) => iso.numericToAlpha2(String(shape.id ?? "").padStart(3, "0"));
const home = (shape) => regionOf[codeOf(shape)] ?? UNCODED[shape.properties.name] ?? "none";

/** Whole numbers and relative steps: a third of the bytes. */
function compact(d) {
  let out = "";
  for (const ring of d.split("M").slice(1)) {
    const points = ring.replace("Z", "").split("L").map((p) => p.split(",").map((n) => Math.round(+n)));
    let twice = 0;
    points.forEach(([x, y], i) => { const [u, v] = points[(i + 1) % points.length]; twice += x * v - u * y; });
    if (Math.abs(twice) / 2 < ISLAND) continue;
    let [x, y] = points[0], steps = "";
    for (const [u, v] of points.slice(1)) {
      if (u === x && v === y) continue;
      const dx = String(u - x), dy = String(v - y);
      steps += (steps && dx[0] !== "-" ? " " : "") + dx + (dy[0] === "-" ? dy : " " + dy);
      [x, y] = [u, v];
    }
    if (steps) out += `M${points[0][0]} ${points[0][1]}l${steps}z`;
  }
  return out;
}

/** The lands overseas of a European state lie in other regions of the earth. */
function splitOverseas(region, land) {
  if (region !== "europe") return [land, null];
  const near = ([[[lon, lat]]]) => lat > 27 && lon > -32;
  return [{ type: "MultiPolygon", coordinates: land.coordinates.filter(near) },
    { type: "MultiPolygon", coordinates: land.coordinates.filter((p) => !near(p)) }];
}

/** Where a country's dot stands: the middle of its largest part (outlying islands share its code). */
function middle(code) {
  const parts = shapes.filter((shape) => codeOf(shape) === code).flatMap((shape) => {
    const { coordinates, type } = feature(topology, shape).geometry;
    return (type === "Polygon" ? [coordinates] : coordinates).map((p) => ({ type: "Polygon", coordinates: p }));
  });
  const largest = parts.reduce((a, b) => (path.area(b) > path.area(a) ? b : a), parts[0]);
  const at = largest ? path.centroid(largest) : projection(TOO_SMALL[code]);
  return at.map(Math.round);
}

let elsewhere = "", shapesOfRegions = "";
const places = {};
for (const region of regions) {
  const own = shapes.filter((shape) => home(shape) === region.code);
  const [here, overseas] = splitOverseas(region.code, merge(topology, own));
  if (overseas) elsewhere += compact(path(overseas) ?? "");
  shapesOfRegions += `<path id="${region.code}" d="${compact(path(here))}"/>\n`;
  places[region.code] = projection(LABELS[region.code]).map(Math.round);
}
elsewhere += compact(path(merge(topology, shapes.filter((s) => home(s) === "none" && s.id !== ANTARCTICA))) ?? "");
const points = Object.fromEntries(regions.flatMap((region) => region.countries).sort().map((code) => [code, middle(code)]));

const rows = (table) => Object.entries(table).map(([code, at]) => `    "${code}": [${at.join(", ")}]`).join(",\n");
writeFileSync(`${repository}/partners/data/map.json`,
  `{\n  "view": "${VIEW}",\n  "regions": {\n${rows(places)}\n  },\n  "countries": {\n${rows(points)}\n  }\n}\n`);
writeFileSync(`${repository}/static/world.svg`,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${VIEW}">\n<path id="elsewhere" d="${elsewhere}"/>\n${shapesOfRegions}</svg>\n`);
