import Figures

/// What a page has hundreds of, put together without a template, which looks at each name several times and takes twenty times as long. Every
/// text is escaped here as `Template` escapes it.
enum Markup {
  /// Of a list of facts: name and value each. A value with words of our own around those of others (`OutsideText.within`) is written as
  /// ours are.
  static func facts(_ facts: [(name: String, value: String)]) -> String {
    facts.map { name, value in
      let direction = value.unicodeScalars.contains("\u{2068}") ? " dir=\"ltr\"" : ""
      return "<div><dt>\(XMLText.escaped(name))</dt><dd><bdi\(direction)>\(XMLText.escaped(value))</bdi></dd></div>\n"
    }.joined()
  }

  /// A row of a table whose first cell is its head.
  static func row(_ head: String, isPart: Bool, _ cells: some Sequence<String>) -> String {
    "<tr><th scope=\"row\"\(isPart ? " class=\"part\"" : "")>\(XMLText.escaped(head))</th>"
      + cells.map { "<td>\(XMLText.escaped($0))</td>" }.joined() + "</tr>\n"
  }

  static func header(_ cells: [String]) -> String {
    "<thead><tr>" + cells.map { "<th scope=\"col\">\(XMLText.escaped($0))</th>" }.joined() + "</tr></thead>\n"
  }

  /// In a frame of its own, which scrolls where it is too wide, with what is to be said below it.
  /// - Parameters:
  ///   - header: markup.
  ///   - rows: markup.
  static func table(_ title: String, style: String, header: String, rows: String, remarks: [String]) -> String {
    let title = XMLText.escaped(title)
    return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(title)\">\n"
      + "<table class=\"plain \(style)\"><caption>\(title)</caption>\n\(header)<tbody>\n\(rows)</tbody></table>\n"
      + remarks.map { "<p class=\"note\">\(XMLText.escaped($0))</p>\n" }.joined() + "</div>\n"
  }

  /// A command whose lines do not end within an option, which has hyphens.
  static func command(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      word.hasPrefix("-")
        ? "<span class=\"option\">\(XMLText.escaped(String(word)))</span>" : XMLText.escaped(String(word))
    }.joined(separator: " ")
  }

  static func item(_ text: String) -> String { "<li>\(XMLText.escaped(text))</li>\n" }

  /// Words that may be in any script.
  static func words(_ text: String) -> String { "<bdi>\(XMLText.escaped(text))</bdi>" }

  /// A link that leads out of the site.
  static func link(_ address: String, _ text: String) -> String {
    "<a href=\"\(XMLText.escaped(address))\" rel=\"noopener noreferrer external\">\(words(text))</a>"
  }

  static func regime(_ sign: RegimeSign) -> String {
    "<span class=\"regime \(sign.style)\">\(sign.icon)\(XMLText.escaped(sign.name))</span>"
  }

  static func small(_ text: String) -> String { "<small>\(XMLText.escaped(text))</small>" }
}
