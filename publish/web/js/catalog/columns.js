/** Columns in memory: words as numbers, pairs by either side, and what is null as NaN. */

/** A column of words of which many are the same; the word of what has none is "". */
export class Words {
  #known = new Map([["", 0]]);

  constructor(size) {
    this.codes = new Uint16Array(size);
    this.values = [""];
  }

  /** Put words into the places from `from` on. */
  put(from, words) {
    for (let at = 0; at < words.length; at += 1) this.codes[from + at] = this.#added(words[at] ?? "");
  }

  at(place) {
    return this.values[this.codes[place]];
  }

  /** The number of a word, or -1 where nobody has it. */
  code(word) {
    return this.#known.get(word) ?? -1;
  }

  #added(word) {
    let code = this.#known.get(word);
    if (code === undefined) {
      // Beyond what 16 bits can tell apart, words are shown as none.
      if (this.values.length > 65_535) return 0;
      code = this.values.push(word) - 1;
      this.#known.set(word, code);
    }
    return code;
  }
}

/** Put numbers into a column; what is null becomes NaN. */
export function putNumbers(column, from, values) {
  for (let at = 0; at < values.length; at += 1) column[from + at] = values[at] ?? NaN;
}

/** Which models name which things, to be asked from either side. */
export class Pairs {
  #byModel = null;
  #byThing = null;

  constructor(things, models, extra = null) {
    Object.assign(this, { things, models, extra });
  }

  /** The rows of a thing, in the order of the file. */
  ofThing(thing) {
    this.#byThing ??= grouped(this.things);
    return this.#byThing.get(thing) ?? [];
  }

  /** The rows of a model. */
  ofModel(model) {
    this.#byModel ??= grouped(this.models);
    return this.#byModel.get(model) ?? [];
  }

  modelsOf(thing) {
    return this.ofThing(thing).map((row) => this.models[row]);
  }

  thingsOf(model) {
    return this.ofModel(model).map((row) => this.things[row]);
  }
}

/** Group the rows of a column by their values. */
export function grouped(column) {
  const groups = new Map();
  for (let row = 0; row < column.length; row += 1) {
    const group = groups.get(column[row]);
    if (group) group.push(row);
    else groups.set(column[row], [row]);
  }
  return groups;
}
