/**
 * The catalog: what of it is loaded, and how the rest is fetched. A model is a number, its place
 * among all by downloads, which is its place in every column.
 */

import { folded } from "../issues.js";
import { Pairs, Words, grouped, putNumbers } from "./columns.js";
import { bytes, columns, decoded, fetched } from "./parquet.js";

export const SPANS = [1, 7, 30];
export const WORDS = ["pipeline_tag", "library_name", "license", "license_family", "license_terms", "gated",
  "best_task", "strictest_license", "strictest_terms"];
const PLAIN = /^[ -~]*$/; // needs no folding but of case, which is ten times as fast
const TEXTS = ["model_id", "author", "strictest_ancestor"];
const NUMBERS = ["strictness", "strictest_strictness", "best_rank", "downloads", "likes", "downloads_all_time",
  "parameters", "task_count", "dataset_count", "article_count", "parent_count", "child_count",
  ...["gained", "places", "growth"].flatMap((name) => SPANS.map((span) => `${name}_${span}`)),
  "created_on", "modified_on"];

export class Catalog {
  #once = new Map(); // what was asked for once, by name

  constructor(base) {
    Object.assign(this, { base, manifest: null, loaded: 0, models: null, complaints: new Map() });
  }

  /** Learn which version there is. Throws GoneError where nothing was ever exported. */
  async open() {
    this.manifest = await (await fetched(`${this.base}/manifest.json`)).json();
    const size = this.manifest.models;
    this.models = { searched: new Array(size), spark: new Array(size).fill("") };
    for (const name of WORDS) this.models[name] = new Words(size);
    for (const name of TEXTS) this.models[name] = new Array(size);
    for (const name of NUMBERS) this.models[name] = new Float64Array(size).fill(NaN);
    this.places = new Map();
  }

  /** Load all models, the most downloaded first; `arrived(isFirst)` is called after every file. */
  async loadModels(arrived) {
    const { models: size, models_in_file: step } = this.manifest;
    const fetching = (from) => {
      const coming = from < size ? bytes(this.#url(`models/${this.#number(from)}`)) : null;
      coming?.catch(() => {}); // it is told of when it is its turn
      return coming;
    };
    // The next file comes over the network while this one is read.
    for (let from = 0, coming = fetching(0); from < size; from += step) {
      const file = await coming;
      coming = fetching(from + step);
      this.#put(from, await decoded(file));
      arrived(from === 0);
    }
  }

  /** Load the lines of the list. */
  async loadSparks(arrived) {
    for (let from = 0; from < this.manifest.models; from += this.manifest.models_in_file) {
      const { spark = [] } = await this.#file(`sparks/${this.#number(from)}`);
      for (let at = 0; at < spark.length; at += 1) this.models.spark[from + at] = spark[at] ?? "";
      arrived();
    }
  }

  /** Load the tasks, and which model stands where in them. */
  tasks() {
    return this.#loaded("tasks", async () => {
      const [tasks, pairs] = await Promise.all([this.#file("tasks"), this.#file("model_tasks")]);
      return { ...named(tasks, "task_id"), pairs: new Pairs(pairs.task ?? [], pairs.model ?? [], pairs.rank_in_task ?? []) };
    });
  }

  datasets() {
    return this.#loaded("datasets", async () => this.#things("datasets", "dataset_id", "model_datasets"));
  }

  papers() {
    return this.#loaded("papers", async () => this.#things("papers", "arxiv_id", "model_papers"));
  }

  /** Load who was made from whom: `up` has the rows of a model, `down` those of its descendants. */
  lineage() {
    return this.#loaded("lineage", async () => {
      const rows = await this.#file("lineage");
      return { rows, up: grouped(rows.model ?? []), down: grouped(rows.ancestor_id ?? []) };
    });
  }

  movers() {
    return this.#loaded("movers", async () => ({ rows: await this.#file("movers") }));
  }

  /** Load what posts say of models; nobody's words are left where somebody took them back. */
  async loadComplaints() {
    if (!this.manifest.complaints) return;
    const rows = await this.#file("complaints").catch(() => null);
    if (!rows) return;
    for (const [model, own] of grouped(rows.model ?? [])) {
      const [first] = own;
      this.complaints.set(model, {
        posts: rows.posts[first], problems: rows.problem_posts[first], people: rows.people[first],
        last: rows.last_posted_on[first],
        issues: own.filter((row) => rows.issue_id[row]).map((row) => ({ id: rows.issue_id[row],
          title: rows.title[row] ?? "", posts: rows.issue_posts[row], people: rows.issue_people[row] })),
      });
    }
  }

  /** Load the days of one model: arrays `days`, `downloads`, `likes` and `rank`. */
  async history(model) {
    const size = this.manifest.history_in_file;
    const number = String(Math.floor(model / size)).padStart(4, "0");
    const rows = await this.#loaded(`history/${number}`, () => this.#file(`history/${number}`));
    const own = [...(rows.model ?? []).keys()].filter((row) => rows.model[row] === model);
    const of = (name) => own.map((row) => rows[name][row] ?? NaN);
    return { days: of("observed_on"), downloads: of("downloads"), likes: of("likes"), rank: of("best_rank") };
  }

  /** The number of a model by its name, or -1. */
  place(modelId) {
    return this.places.get(modelId) ?? -1;
  }

  /** Whether the server has another version by now. */
  async isRenewed() {
    const now = await (await fetched(`${this.base}/manifest.json`)).json();
    return now.version !== this.manifest.version;
  }

  async #things(file, key, pairsFile) {
    const [things, pairs] = await Promise.all([this.#file(file), this.#file(pairsFile)]);
    return { ...named(things, key), pairs: new Pairs(pairs.thing ?? [], pairs.model ?? []) };
  }

  #put(from, part) {
    for (const name of WORDS) this.models[name].put(from, part[name] ?? []);
    for (const name of TEXTS) {
      for (let at = 0; at < part.model_id.length; at += 1) this.models[name][from + at] = part[name][at] ?? "";
    }
    for (const name of NUMBERS) putNumbers(this.models[name], from, part[name] ?? []);
    const size = part.model_id.length;
    for (let place = from; place < from + size; place += 1) {
      this.places.set(this.models.model_id[place], place);
      const text = [this.models.model_id[place], this.models.pipeline_tag.at(place),
        this.models.library_name.at(place), this.models.license.at(place)].join(" ").slice(0, 2_000);
      this.models.searched[place] = PLAIN.test(text) ? text.toLowerCase() : folded(text);
    }
    this.loaded = from + size;
  }

  #loaded(name, load) {
    if (!this.#once.has(name)) {
      const promise = load();
      promise.catch(() => this.#once.delete(name)); // it is asked for again the next time
      this.#once.set(name, promise);
    }
    return this.#once.get(name);
  }

  #file(name) {
    return columns(this.#url(name));
  }

  #url(name) {
    return `${this.base}/${this.manifest.version}/${name}.parquet`;
  }

  #number(from) {
    return String(from / this.manifest.models_in_file).padStart(4, "0");
  }
}

function named(rows, key) {
  const ids = rows[key] ?? [];
  return { rows, ids, places: new Map(ids.map((id, place) => [id, place])) };
}
