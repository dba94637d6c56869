/// Descriptions to submit: one that is accepted, and what is made of it that is not.
enum SubmissionDocuments {
  static let digest = String(repeating: "0123456789abcdef", count: 4)

  static let valid = """
    {
      "id": "net-1.0", "name": "Net (ours), 8/255", "task": "glyphs",
      "checkpoint": {"file": "net.pt"},
      "architecture": [{"type": "Flatten"}, {"type": "Linear", "name": "fc"}],
      "preprocessing": {"mean": [0.5], "std": [0.25]},
      "claims": {"accuracy": 0.93},
      "source": {"paper": "Müller & Søn: Nets, 2025", "url": "https://example.org/net?a=1&b=2", "training": "accuracy < 0.95"}
    }
    """

  struct Refused: Sendable, CustomStringConvertible {
    let name: String
    let document: String
    /// The problem's path and words of it.
    let path: String
    let words: [String]

    var description: String { name }
  }

  private static func changed(
    _ name: String, _ text: String, _ replacement: String, at path: String, _ words: String...
  ) -> Refused {
    precondition(valid.contains(text), name)
    return Refused(name: name, document: valid.replacing(text, with: replacement), path: path, words: words)
  }

  /// What else may be said.
  static let alsoValid = [valid.replacing("0.93", with: "0.93, \"standardModel\": \"net-0\"")]

  /// What the schema refuses.
  static let refused: [Refused] = [
    changed("unsafe id", "net-1.0", "../net", at: "$.id", "`../net`", "lower-case letters"),
    changed("id with capitals", "net-1.0", "Net", at: "$.id", "`Net`"),
    changed("id with a hidden point", "net-1.0", ".net", at: "$.id", "`.net`"),
    changed("empty id", "net-1.0", "", at: "$.id", "``"),
    changed("long id", "net-1.0", String(repeating: "a", count: 101), at: "$.id", "101 characters", "100"),
    changed("id with a line break", "net-1.0", "net\\n", at: "$.id", "net"),
    changed("tag in the name", "Net (ours)", "<b>Net</b>", at: "$.name", "HTML"),
    changed("script in the name", "Net (ours)", "<script>alert(1)</script>", at: "$.name", "HTML"),
    changed("character reference in the name", "Net (ours)", "&lt;b&gt;", at: "$.name", "character reference"),
    changed("control character in the name", "Net (ours)", "Net\\u0007", at: "$.name", "U+0007"),
    changed("escape sequence in the name", "Net (ours)", "\\u001b[31mNet", at: "$.name", "U+001B"),
    changed("line break in the name", "Net (ours)", "Net\\nNet", at: "$.name", "U+000A"),
    changed("line break after the name", "8/255", "8/255\\n", at: "$.name", "U+000A"),
    changed("file name with a line break", "net.pt", "net.pt\\n", at: "$.checkpoint.file", "without folders"),
    changed("turned writing in the name", "Net (ours)", "Net\\u202etp.", at: "$.name", "U+202E"),
    changed("invisible character in the name", "Net (ours)", "Net\\u200b", at: "$.name", "U+200B"),
    changed("byte order mark in the name", "Net (ours)", "Net\\ufeff", at: "$.name", "U+FEFF"),
    changed("empty name", "Net (ours), 8/255", "", at: "$.name", "empty"),
    changed("long name", "Net (ours)", String(repeating: "a", count: 200), at: "$.name", "characters", "120"),
    changed("name that is a number", "\"Net (ours), 8/255\"", "7", at: "$.name", "is 7, expected plain text"),
    changed("unknown key", "\"name\"", "\"title\": \"x\", \"name\"", at: "$", "unknown key `title`"),
    changed("misspelt key", "\"claims\"", "\"claim\"", at: "$", "unknown key `claim`; did you mean `claims`?"),
    changed("misspelt inner key", "\"accuracy\"", "\"acuracy\"", at: "$.claims", "did you mean `accuracy`?"),
    changed("comment", "\"name\"", "\"_comment\": \"x\", \"name\"", at: "$", "unknown key `_comment`"),
    changed("folder in the file name", "net.pt", "weights/net.pt", at: "$.checkpoint.file", "without folders"),
    changed("path upward", "net.pt", "../../etc/passwd", at: "$.checkpoint.file", "without folders"),
    changed("absolute path", "net.pt", "/etc/passwd", at: "$.checkpoint.file", "without folders"),
    changed("hidden file", "net.pt", ".ssh", at: "$.checkpoint.file", "without folders"),
    changed("path with a backslash", "net.pt", "..\\\\net.pt", at: "$.checkpoint.file", "without folders"),
    changed("file name with NUL", "net.pt", "net.pt\\u0000.png", at: "$.checkpoint.file", "U+0000"),
    changed("ftp", "{\"file\": \"net.pt\"}", url("ftp://example.org/net.pt"), at: "$.checkpoint.url", "https://"),
    changed("local address", "{\"file\": \"net.pt\"}", url("file:///etc/passwd"), at: "$.checkpoint.url", "https://"),
    changed("data address", "{\"file\": \"net.pt\"}", url("data:,x"), at: "$.checkpoint.url", "https://"),
    changed("script address", "{\"file\": \"net.pt\"}", url("javascript:alert(1)"), at: "$.checkpoint.url", "https://"),
    changed(
      "address without a digest", "\"file\": \"net.pt\"", "\"url\": \"https://example.org/net.pt\", \"bytes\": 5",
      at: "$.checkpoint", "missing key `sha256`, which belongs to `url`"),
    changed(
      "short digest", "\"net.pt\"", "\"net.pt\", \"sha256\": \"abc\"", at: "$.checkpoint.sha256", "64 hexadecimal"),
    changed("no bytes", "\"net.pt\"", "\"net.pt\", \"bytes\": 0", at: "$.checkpoint.bytes", "is 0", "at least 1"),
    changed("absurd size", "\"net.pt\"", "\"net.pt\", \"bytes\": 1e300", at: "$.checkpoint.bytes", "expected"),
    changed(
      "fraction of a byte", "\"net.pt\"", "\"net.pt\", \"bytes\": 1.5", at: "$.checkpoint.bytes", "expected integer"),
    changed(
      "member beyond all lists", "\"net.pt\"", "\"net.pt\", \"member\": 1000001", at: "$.checkpoint.member",
      "is 1000001", "at most 1000000"),
    changed("negative member", "\"net.pt\"", "\"net.pt\", \"member\": -1", at: "$.checkpoint.member", "at least 0"),
    changed("accuracy 2", "0.93", "2", at: "$.claims.accuracy", "is 2", "at most 1"),
    changed("accuracy in percent", "0.93", "93.1", at: "$.claims.accuracy", "at most 1"),
    changed("negative accuracy", "0.93", "-0.1", at: "$.claims.accuracy", "at least 0"),
    changed("accuracy as text", "0.93", "\"0.93\"", at: "$.claims.accuracy", "expected number"),
    changed("accuracy 1e300", "0.93", "1e300", at: "$.claims.accuracy", "at most 1"),
    changed(
      "standard model that is no id", "0.93", "0.93, \"standardModel\": \"../net\"", at: "$.claims.standardModel",
      "../net"),
    changed(
      "standard model that is a number", "0.93", "0.93, \"standardModel\": 7", at: "$.claims.standardModel",
      "id of a result"),
    changed("deviation 0", "0.25", "0", at: "$.preprocessing.std[0]", "is 0", "at least 0.0001"),
    changed("negative deviation", "0.25", "-0.25", at: "$.preprocessing.std[0]", "at least 0.0001"),
    changed("absurd mean", "[0.5]", "[1e300]", at: "$.preprocessing.mean[0]", "at most 100"),
    changed("no mean", "\"mean\": [0.5], ", "", at: "$.preprocessing", "missing key `mean`"),
    changed("mean that is no list", "[0.5]", "0.5", at: "$.preprocessing.mean", "expected array"),
    changed("layers that are no layers", "[{\"type\": \"Flatten\"}, ", "[7, ", at: "$.architecture[0]", "a layer"),
    changed("layer without a type", "{\"type\": \"Flatten\"}", "{}", at: "$.architecture[0]", "missing key `type`"),
    changed(
      "architecture true", "[{\"type\": \"Flatten\"}, {\"type\": \"Linear\", \"name\": \"fc\"}]", "true",
      at: "$.architecture", "the name of an architecture"),
    changed(
      "script as a page", "https://example.org/net?a=1&b=2", "javascript:alert(1)", at: "$.source.url", "https://"),
    changed(
      "markup in the address", "https://example.org/net?a=1&b=2", "https://a.org/\\\"><b>", at: "$.source.url",
      "https://"),
    changed("HTML in the training", "accuracy < 0.95", "<img src=x>", at: "$.source.training", "HTML"),
    changed("long training", "accuracy < 0.95", String(repeating: "a", count: 2001), at: "$.source.training", "2000"),
  ]

  /// What is a description, but no submission.
  static let refusedAsSubmission: [Refused] = [
    changed("no task", "\"task\": \"glyphs\",", "", at: "$", "missing key `task`"),
    changed("no claim", "\"accuracy\": 0.93", "", at: "$.claims", "missing key `accuracy`"),
    changed("no training", ", \"training\": \"accuracy < 0.95\"", "", at: "$.source", "missing key `training`"),
    changed("no checkpoint", "\"checkpoint\": {\"file\": \"net.pt\"},", "", at: "$", "a `checkpoint`, or a `plugin`"),
    changed(
      "empty checkpoint", "{\"file\": \"net.pt\"}", "{}", at: "$.checkpoint", "a `file` beside model.json, or a `url`"),
    changed("another kind", "\"task\"", "\"kind\": \"denoiser\", \"task\"", at: "$.kind", "`classifier`"),
    changed("unknown task", "\"glyphs\"", "\"glyph\"", at: "$.task", "did you mean `glyphs`?"),
    changed("reserved id", "net-1.0", "bayes-0.5", at: "$.id", "reserved"),
    changed("wrong number of channels", "[0.5]", "[0.5, 0.5]", at: "$.preprocessing", "2 means and 1", "1 of each"),
    changed(
      "program without files", "\"checkpoint\": {\"file\": \"net.pt\"}", "\"plugin\": {\"command\": [\"./net\"]}",
      at: "$.plugin",
      "missing key `files`"),
  ]

  private static func url(_ address: String) -> String {
    "{\"url\": \"\(address)\", \"sha256\": \"\(digest)\", \"bytes\": 5}"
  }
}
