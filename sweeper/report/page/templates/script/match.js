// Which names a filter means: some words with commas between them, each a name, a part of one, or a glob such as svm*.

function pieces(text) {
  // Commas inside of brackets belong to the name of a variant: svm[C=1,kernel=rbf].
  const found = [];
  let depth = 0;
  let piece = "";
  for (const letter of text.toLowerCase()) {
    if ("[({".includes(letter)) depth += 1;
    if ("])}".includes(letter)) depth -= 1;
    if (letter === "," && depth <= 0) {
      found.push(piece.trim());
      piece = "";
    } else piece += letter;
  }
  return [...found, piece.trim()].filter((one) => one !== "");
}

function base(name) {
  return name.split("[")[0];
}

function parts(name) {
  // Of several datasets or models in one place each counts, as it is and without its variant.
  const each = name.toLowerCase().split(" + ");
  return [...new Set([name.toLowerCase(), ...each, ...each.map(base)])];
}

function globbed(piece) {
  const quoted = piece.replace(/[.+^${}()|\\[\]]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  return new RegExp(`^${quoted}$`);
}

function testOf(piece, known) {
  if (known.has(piece)) return (name) => parts(name).includes(piece);
  if (/[*?]/.test(piece)) {
    const glob = globbed(piece);
    return (name) => parts(name).some((part) => glob.test(part));
  }
  return (name) => name.toLowerCase().includes(piece);
}

function matcher(text, names) {
  const known = new Set([...names].flatMap(parts));
  const tests = pieces(text).map((piece) => testOf(piece, known));
  const answers = new Map();
  return (name) => {
    if (!answers.has(name)) answers.set(name, tests.some((test) => test(name)));
    return answers.get(name);
  };
}
