/** Addresses that came with posts: which of them may become links, and under what name. */

/**
 * Return `{href, host}` of an http or https address, or null for anything else.
 *
 * `host` is in ASCII (punycode), so that a Cyrillic "а" in a name that looks familiar shows as
 * `xn--...`. Addresses with a user name are refused: in `https://bank.example@example.org/` the part
 * that a person reads is not where the link goes.
 */
export function webLink(text) {
  let url;
  try {
    url = new URL(String(text));
  } catch {
    return null;
  }
  if (!["http:", "https:"].includes(url.protocol) || url.username || url.password) return null;
  return { href: url.href, host: url.host };
}
